"""The baseline that no serverless backend can beat: a FastAPI WebSocket under uvicorn, one send a token."""

from __future__ import annotations

import asyncio

import uvicorn
from fastapi import FastAPI, WebSocket

from benchmarks.stream.processes import Host
from benchmarks.stream.script import Schedule, script
from thinkaloud.protocol.encode import encode
from thinkaloud.protocol.frames import Envelope, Text

app = FastAPI()


@app.websocket("/")
async def answer(socket: WebSocket) -> None:
    """Read `{language, rate}`, send the answer token by token, and then say when each was said."""
    await socket.accept()
    wanted = await socket.receive_json()
    schedule = Schedule(script(wanted["language"]), wanted["rate"])
    seq = 0
    async for token in schedule.play():
        seq += 1
        envelope = Envelope(session="benchmark", turn="benchmark", seq=seq, trace="benchmark")
        await socket.send_text(encode(Text(part="answer", step=1, content=token), envelope))
    await socket.send_json({"said": schedule.times})
    await socket.close()


async def serve(host: Host) -> None:
    """Serve until the host ends it."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    await host.run(f"ws://127.0.0.1:{port}/")
    server.should_exit = True
    await serving
