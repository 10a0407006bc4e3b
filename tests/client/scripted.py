"""A WebSocket server that plays scripts, for tests of who talks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

if TYPE_CHECKING:
    from tests.client.wire import Far

DOCS = [
    {"id": "1", "title": "Refunds", "uri": "handbook/en/refunds.md", "score": 0.9, "snippet": "Five working days."},
    {"id": "2", "title": "配送", "uri": "handbook/zh/shipping.md", "score": 0.4, "snippet": "三天内送达。"},
]


class Peer:
    """The server's end of one connection, over a network or in memory; speaks in dicts."""

    def __init__(self, socket: ServerConnection | Far) -> None:
        self.socket = socket
        self.turn: dict[str, Any] = {}
        self.seq = 0

    async def receive(self) -> dict[str, Any]:
        return json.loads(await self.socket.recv())

    async def send(self, **fields: Any) -> None:
        await self.socket.send(json.dumps(fields, ensure_ascii=False))

    async def resume(self, state: str = "running", to: int = 0) -> dict[str, Any]:
        """Receive a resume and say where the turn stands; what is said next goes on after its cursor."""
        resume = await self.receive()
        assert resume["action"] == "resume", resume
        self.start({"turn": "t-12345678", **resume})  # without one it is the session's last
        self.seq = resume["after"]
        re, envelope = resume["id"], {key: self.turn[key] for key in ("session", "turn")}
        await self.send(type="resumed", re=re, **envelope, state=state, **{"from": self.seq + 1, "to": to})
        return resume

    async def accept(self) -> dict[str, Any]:
        """Receive an ask and accept it."""
        ask = await self.receive()
        self.start(ask)
        await self.send(type="accepted", re=ask["id"], **self.turn, heartbeat=10.0)
        return ask

    def start(self, ask: dict[str, Any]) -> None:
        self.turn = {"session": ask["session"], "turn": ask["turn"], "trace": "trace-1"}
        self.seq = 0

    def numbered(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of the turn."""
        self.seq += 1
        return {"type": kind, **self.turn, "seq": self.seq, **fields}

    async def say(self, kind: str, **fields: Any) -> None:
        await self.send(**self.numbered(kind, **fields))

    async def text(self, content: str) -> None:
        await self.say("text", part="p1", step=1, content=content)

    async def complete(self, finish: str = "stop", **fields: Any) -> None:
        usage = {"prompt": 90, "completion": 12}
        timings = {"retrieval": 0.012, "generation": 1.2, "total": 1.3}
        await self.say("complete", finish=finish, model="extractive", usage=usage, timings=timings, **fields)

    async def answer(self, *pieces: str, docs: list[dict[str, Any]] = DOCS) -> dict[str, Any]:
        """One whole cited answer."""
        ask = await self.accept()
        await self.say("status", id="s1", phase="retrieval", state="start", label="Searching")
        await self.say("status", id="s1", phase="retrieval", state="end", label="Searching", latency=0.012)
        await self.say("source", docs=docs)
        await self.say("status", id="s2", phase="generation", state="start", label="Answering")
        for piece in pieces:
            await self.text(piece)
        await self.complete(citations=[{"part": "p1", "start": 0, "end": 3, "source": "1", "quote": "Five"}])
        return ask


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class Scripted:
    """The running server. `handshakes` holds each request's headers, `refusals` statuses to answer first."""

    port: int = 0
    handshakes: list[Headers] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    connections: int = 0

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@asynccontextmanager
async def scripted_server(*scripts: Script, config: dict[str, Any] | None = None) -> AsyncIterator[Scripted]:
    """Plays the nth script on the nth connection, and the last one on all later ones.

    An exception of a script fails the test when the server ends. `config` is served as the local cloud serves its own.
    """
    scripted = Scripted()
    failures: list[Exception] = []

    async def play(socket: ServerConnection) -> None:
        script = scripts[min(scripted.connections, len(scripts) - 1)]
        scripted.connections += 1
        try:
            await script(Peer(socket))
        except Exception as error:  # noqa: BLE001 - kept, and raised in the test
            failures.append(error)

    def greet(socket: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/local/config.json"):
            body = json.dumps({"ws": scripted.ws, **(config or {})}).encode()
            headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
            return Response(200, "OK", headers, body)
        scripted.handshakes.append(request.headers)
        if scripted.refusals:
            return socket.respond(HTTPStatus(scripted.refusals.pop(0)), "refused\n")
        return None

    server: Server = await serve(play, "127.0.0.1", 0, process_request=greet, subprotocols=["thinkaloud.v1"])
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        await server.wait_closed()
    if failures:
        raise failures[0]


async def listen(peer: Peer) -> None:
    """Say nothing until the client leaves."""
    await peer.socket.wait_closed()


async def forever(peer: Peer) -> None:
    """An answer that goes on until it is told to stop."""
    ask = await peer.accept()
    await peer.say("status", id="s1", phase="generation", state="start", label="Answering")
    stop = asyncio.create_task(peer.receive())
    while not stop.done():
        await peer.text("word ")
        await asyncio.wait([stop], timeout=0.02)
    assert stop.result()["action"] == "stop"
    assert stop.result()["turn"] == ask["turn"]
    await peer.complete("stopped", reason="user")
    await listen(peer)
