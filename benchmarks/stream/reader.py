"""The client: opens a WebSocket, and writes down what it reads and when."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.stream.timeline import Piece


@dataclass
class Heard:
    """All that came of one answer, and the last frame."""

    pieces: list[Piece] = field(default_factory=list)
    posts: int = 0
    characters: int = 0
    last: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[ClientConnection]:
    """A WebSocket without compression, which API Gateway does not offer."""
    async with connect(url, compression=None, proxy=None) as socket:
        yield socket


async def hear(socket: ClientConnection, over: Callable[[Heard], bool]) -> Heard:
    """Read until `over` says so of what has come.

    Raises:
        RuntimeError: the answer failed.
    """
    heard = Heard()
    while not over(heard):
        message = await socket.recv()
        at = time.monotonic()
        heard.posts += 1
        heard.last = frame = json.loads(message)
        if frame.get("type") == "error":
            raise RuntimeError(f"the answer failed: {frame}")
        if frame.get("type") == "text":
            heard.pieces.append(Piece(at, frame["content"]))
            heard.characters += len(frame["content"])
    return heard
