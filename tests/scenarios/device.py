"""A client of few words: a bare socket that keeps every message, and an own reading of the protocol's rules.

The library in `thinkaloud.client` hides what went wrong on the way; here it can be seen, and nothing is mended unless
the test does it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from localcloud.cloud import LocalCloud
from localcloud.gateway.connections import Connection
from tests.scenarios.stage import Question
from thinkaloud.client import new_id


@dataclass
class Told:
    """What one person has been told of one turn, over however many connections.

    Raises AssertionError where the server breaks its word: a number left out, or one that never was.
    """

    cursor: int = 0
    text: str = ""
    sources: list[dict[str, Any]] = field(default_factory=list)
    resets: int = 0
    again: int = 0
    torn: int = 0
    last: dict[str, Any] | None = None

    def take(self, frame: dict[str, Any]) -> None:
        """Take in a frame of the turn's sequence."""
        first, seq = frame.get("from", frame["seq"]), frame["seq"]
        if seq <= self.cursor:
            self.again += 1
            return
        if frame["type"] == "reset":
            self.resets += 1
            self.text, self.sources = "", []
        elif first <= self.cursor:
            self.torn += 1  # it cannot be cut; whoever resumes again from the cursor gets the rest
            return
        elif first != self.cursor + 1:
            assert self.torn, f"{first} after {self.cursor}"
            return
        assert self.last is None, f"{frame} after the end"
        self.cursor = seq
        match frame["type"]:
            case "text":
                self.text += frame["content"]
            case "source":
                self.sources += frame["docs"]
            case "complete" | "error":
                self.last = frame


class Device:
    """An open connection.

    `heard` are (seconds, message) as they came, by `time.monotonic`; `joined` are the frames that came in fragments,
    `longest` the bytes of the longest message.
    """

    def __init__(self, socket: ClientConnection, agent: str, cloud: LocalCloud) -> None:
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self.told: dict[str, Told] = {}
        self.longest = 0
        self.joined: list[dict[str, Any]] = []
        self._socket = socket
        self._agent = agent
        self._cloud = cloud
        self._pieces: dict[str, dict[int, str]] = {}
        self._news = asyncio.Event()
        self._closed = False
        self._reading = asyncio.create_task(self._read())

    @property
    def connection(self) -> Connection:
        """The gateway's end of it."""
        [found] = [each for each in self._cloud.gateway.connections if each.caller.user_agent == self._agent]
        return found

    @property
    def closed(self) -> bool:
        """Whether the socket is closed."""
        return self._closed

    def follow(self, turn: str, told: Told | None = None) -> Told:
        """Read what comes of this turn into `told`."""
        return self.told.setdefault(turn, told or Told())

    async def send(self, action: str, **fields: Any) -> str:
        """Send a frame; its id."""
        frame_id = new_id("f")
        await self._socket.send(json.dumps({"action": action, "id": frame_id, **fields}, ensure_ascii=False))
        return frame_id

    async def ask(self, question: Question) -> Told:
        """Send a question, and follow its turn."""
        told = self.follow(question.turn)
        await self.send(
            "ask",
            session=question.session,
            turn=question.turn,
            message={"id": new_id("m"), "text": question.text},
        )
        return told

    async def stop(self, question: Question) -> dict[str, Any]:
        """Send a stop; the reply."""
        return await self.reply(await self.send("stop", session=question.session, turn=question.turn))

    async def resume(self, question: Question, told: Told) -> dict[str, Any]:
        """Go on from where `told` is; the reply."""
        self.follow(question.turn, told)
        frame_id = await self.send("resume", session=question.session, turn=question.turn, after=told.cursor)
        return await self.reply(frame_id)

    async def reply(self, frame_id: str) -> dict[str, Any]:
        """The reply to a frame."""
        return await self.hears(lambda frame: frame.get("re") == frame_id)

    async def hears(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 20) -> dict[str, Any]:
        """The first message that is wanted, of those that came and those to come."""
        await self.until(lambda: any(wanted(frame) for _, frame in self.heard), seconds)
        return next(frame for _, frame in self.heard if wanted(frame))

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Until it holds; it is looked at after each message."""
        async with asyncio.timeout(seconds):
            while not condition():
                if self._closed:
                    await self._reading  # which may say why
                    raise AssertionError("the socket closed before it happened")
                self._news.clear()
                await self._news.wait()

    async def ends(self, question: Question, seconds: float = 30) -> dict[str, Any]:
        """The final frame of a turn."""
        told = self.told[question.turn]
        await self.until(lambda: told.last is not None, seconds)
        assert told.last is not None
        return told.last

    async def gone(self, seconds: float = 20) -> None:
        """Until the socket is closed."""
        await asyncio.wait_for(asyncio.shield(self._reading), seconds)

    async def close(self) -> None:
        await self._socket.close()
        await self._reading

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for _, frame in self.heard if frame.get("type") == kind]

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                self._take(str(message))
        except ConnectionClosed:
            pass
        finally:
            self._closed = True
            self._news.set()

    def _take(self, message: str) -> None:
        self.longest = max(self.longest, len(message.encode()))
        frame = json.loads(message)
        self.heard.append((time.monotonic(), frame))
        if frame.get("type") == "fragment":
            pieces = self._pieces.setdefault(frame["id"], {})
            pieces[frame["index"]] = frame["data"]
            if len(pieces) == frame["count"]:
                whole = json.loads("".join(pieces[index] for index in range(frame["count"])))
                self.joined.append(whole)
                self._take_whole(whole)
        else:
            self._take_whole(frame)
        self._news.set()

    def _take_whole(self, frame: dict[str, Any]) -> None:
        if "seq" in frame and (told := self.told.get(frame["turn"])) is not None:
            told.take(frame)


@asynccontextmanager
async def device(cloud: LocalCloud, token: str | None = None) -> AsyncIterator[Device]:
    """A connected device."""
    agent = new_id("device")
    offered = [Subprotocol("thinkaloud.v1"), Subprotocol(f"bearer.{token or cloud.token()}")]
    async with connect(
        cloud.ws_url, subprotocols=offered, user_agent_header=agent, max_size=None, open_timeout=60
    ) as socket:
        opened = Device(socket, agent, cloud)
        try:
            yield opened
        finally:
            await opened.close()
