"""A stand-in for the cloud: serves web/ and plays what a test tells it to, over a real WebSocket.

stage = Stage()
await stage.start()

async def answer(turn: Turn) -> None:
    await turn.accepted()
    await turn.text("Five days [1].")
    await turn.complete()

stage.on_ask = answer
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.browser import WEB

#: What the page has to work under: nothing inline, nothing from elsewhere, no markup from strings but DOMPurify's.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss: https: http://127.0.0.1:* http://localhost:*; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify"
)


MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".map": "application/json",
}

Frame = dict[str, Any]

#: Seconds until a frame that a test waits for will not come any more.
PATIENCE = 10.0


class Turn:
    """The answer to one question: numbers its frames, and sends them to the connection the question came from."""

    def __init__(self, stage: Stage, socket: ServerConnection, ask: Frame) -> None:
        self.ask = ask
        self.id: str = ask["turn"]
        self.question: str = ask["message"]["text"]
        self.socket = socket
        self._session = ask["session"]
        self._seq = itertools.count(1)
        self._stage = stage

    async def accepted(self, heartbeat: float = 10) -> None:
        await self._stage.send(
            self.socket,
            {
                "type": "accepted",
                "re": self.ask["id"],
                "session": self._session,
                "turn": self.id,
                "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
                "heartbeat": heartbeat,
            },
        )

    def frame(self, type_: str, seq: int | None = None, **fields: Any) -> Frame:
        """The next frame of the turn, or the one numbered `seq`."""
        return {
            "type": type_,
            "session": self._session,
            "turn": self.id,
            "seq": next(self._seq) if seq is None else seq,
            "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
            **fields,
        }

    async def send(self, type_: str, **fields: Any) -> None:
        await self._stage.send(self.socket, self.frame(type_, **fields))

    async def status(self, phase: str, state: str, label: str, latency: float | None = None) -> None:
        await self.send("status", id=phase, phase=phase, state=state, label=label, latency=latency)

    async def source(self, *docs: Frame) -> None:
        await self.send("source", docs=docs)

    async def text(self, *pieces: str, every: float = 0) -> None:
        """The pieces one after the other, `every` seconds apart."""
        for piece in pieces:
            await self.send("text", part="answer", step=1, content=piece)
            await asyncio.sleep(every)

    async def complete(self, finish: str = "stop", **fields: Any) -> None:
        await self.send(
            "complete",
            **{
                "finish": finish,
                "model": "extractive",
                "citations": [],
                "usage": {"prompt": 812, "completion": 96, "estimated": False},
                "timings": {"embed": 0.004, "retrieval": 0.021, "first_token": 0.094, "generation": 1.31, "total": 1.4},
                **fields,
            },
        )


class Stage:
    """One HTTP and WebSocket server on 127.0.0.1. The attributes may be changed while it runs."""

    def __init__(self) -> None:
        #: Plays the answer to a question, in a task of its own.
        self.on_ask: Callable[[Turn], Awaitable[None]] | None = None
        #: Answers any other frame; None says nothing.
        self.on_frame: Callable[[ServerConnection, Frame], Awaitable[None]] | None = None
        #: Refuses every handshake while true.
        self.down = False
        #: False leaves a ping without its pong.
        self.answers_pings = True
        #: What `/local/config.json` says besides `ws` and `token`; None makes it 404.
        self.config: Frame | None = {
            "tenant": "demo",
            "user": "you",
            "model": "extractive",
            "model_note": {
                "en": "quotes the best-matching sentences, does not write its own",
                "zh": "只摘录最匹配的原句，不自行撰写",
            },
        }
        #: False hides `/node_modules/`, as on a machine without Node.js.
        self.libraries = True
        self.received: list[Frame] = []
        self.subprotocols: list[str] = []
        self.sockets: list[ServerConnection] = []
        self._arrival = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tokens = itertools.count(1)
        self._server: Server

    async def start(self) -> None:
        self._server = await serve(
            self._converse,
            "127.0.0.1",
            0,
            process_request=self._respond,
            select_subprotocol=self._select,
            compression=None,
            server_header=None,
        )

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1"

    async def send(self, socket: ServerConnection, frame: Frame) -> None:
        """Send one frame; a client that has gone loses it, as it would at the gateway."""
        try:
            await socket.send(json.dumps(frame, ensure_ascii=False))
        except ConnectionClosed:
            return

    async def wait_for(self, action: str, count: int = 1) -> Frame:
        """The `count`-th frame with this action, once it has arrived."""

        def found() -> list[Frame]:
            return [frame for frame in self.received if frame["action"] == action]

        async with self._arrival:
            await asyncio.wait_for(self._arrival.wait_for(lambda: len(found()) >= count), PATIENCE)
        return found()[count - 1]

    async def drop(self) -> None:
        """Cut every connection without a closing handshake, as a train in a tunnel does."""
        for socket in self.sockets:
            socket.transport.abort()
        self.sockets.clear()

    async def _converse(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        with suppress(ConnectionClosed):
            await self._listen(socket)

    async def _listen(self, socket: ServerConnection) -> None:
        async for message in socket:
            frame = json.loads(message)
            async with self._arrival:
                self.received.append(frame)
                self._arrival.notify_all()
            if frame["action"] == "ping" and self.answers_pings:
                await self.send(socket, {"type": "pong"})
            elif frame["action"] == "ask" and self.on_ask:
                self._play(self.on_ask(Turn(self, socket, frame)))
            elif self.on_frame:
                self._play(self.on_frame(socket, frame))

    def _play(self, scene: Awaitable[None]) -> None:
        task = asyncio.ensure_future(scene)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _select(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        self.subprotocols = list(offered)
        return Subprotocol("thinkaloud.v1")

    def _respond(self, socket: ServerConnection, request: Request) -> Response | None:
        path = unquote(urlsplit(request.path).path)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return _response(HTTPStatus.SERVICE_UNAVAILABLE) if self.down else None
        if path == "/local/config.json" and self.config is not None:
            token = f"token-{next(self._tokens)}"
            body = json.dumps({"ws": self.ws, "token": token, **self.config}).encode()
            return _response(HTTPStatus.OK, "application/json", body)
        file = (WEB / ("index.html" if path == "/" else path.lstrip("/"))).resolve()
        hidden = "node_modules" in file.parts and not self.libraries
        if hidden or not file.is_relative_to(WEB) or not file.is_file():
            return _response(HTTPStatus.NOT_FOUND)
        return _response(HTTPStatus.OK, MEDIA[file.suffix], file.read_bytes())


def _response(status: HTTPStatus, media: str = "text/plain", body: bytes = b"") -> Response:
    headers = Headers(
        {
            "Content-Type": media,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
