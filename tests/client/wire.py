"""Connections in memory, for a client in virtual time: scripts play the server, and hours take no time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from tests.client.scripted import Peer, Script
from tests.virtual_time import in_virtual_time
from thinkaloud.client import Client, Limits

T = TypeVar("T")
#: Connections in one scenario; beyond that a client and a script are chasing each other.
MOST_DIALS = 500


class Near:
    """The client's end."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self.outbox: asyncio.Queue[str] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.close_code: int | None = None
        self.close_reason: str | None = None

    async def send(self, message: str, /) -> None:
        if self.closed.is_set():
            raise ConnectionClosedError(None, None)
        self.outbox.put_nowait(message)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (body := await self.inbox.get()) is not None:
            yield body

    async def close(self) -> None:
        self.end(1000, "")

    def end(self, code: int, reason: str) -> None:
        if not self.closed.is_set():
            self.close_code, self.close_reason = code, reason
            self.closed.set()
            self.inbox.put_nowait(None)


class Far:
    """The server's end, for a `Peer`."""

    def __init__(self, near: Near) -> None:
        self._near = near

    async def recv(self) -> str:
        receiving, closing = asyncio.create_task(self._near.outbox.get()), asyncio.create_task(self._near.closed.wait())
        await asyncio.wait([receiving, closing], return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        if receiving.done():
            return receiving.result()
        receiving.cancel()
        raise ConnectionClosedOK(None, None)

    async def send(self, body: str) -> None:
        if not self._near.closed.is_set():  # what is under way when a socket breaks is lost, and nobody is told
            self._near.inbox.put_nowait(body)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._near.end(code, reason)

    async def wait_closed(self) -> None:
        await self._near.closed.wait()


class Network:
    """Plays the nth script on the nth connection, and the last on all later ones; an exception refuses it instead."""

    def __init__(self, *scripts: Script | Exception) -> None:
        self._scripts = scripts
        self._playing: list[asyncio.Task[None]] = []
        self._failures: list[Exception] = []
        self.near: list[Near] = []
        self.bearers: list[str] = []
        self.dialled: list[float] = []

    async def dial(self, url: str, bearer: str, limits: Limits) -> Near:
        script = self._scripts[min(len(self.dialled), len(self._scripts) - 1)]
        assert len(self.dialled) < MOST_DIALS
        self.dialled.append(asyncio.get_running_loop().time())
        self.bearers.append(bearer)
        if isinstance(script, Exception):
            raise script
        near = Near()
        self.near.append(near)
        self._playing.append(asyncio.create_task(self._play(script, Peer(Far(near)), near)))
        return near

    async def _play(self, script: Script, peer: Peer, near: Near) -> None:
        try:
            await script(peer)
        except ConnectionClosedOK:
            pass  # the client left
        except Exception as error:  # noqa: BLE001 - kept, and raised in the test
            self._failures.append(error)
        finally:
            near.end(1006, "")

    async def end(self) -> None:
        """Wait for the scripts; raise what failed in them."""
        await asyncio.gather(*self._playing)
        if self._failures:
            raise self._failures[0]


def play(
    scenario: Callable[[Client, Network], Awaitable[T]],
    *scripts: Script | Exception,
    token: Any = "the.jwt",
    **options: Any,
) -> T:
    """Run a scenario with a client whose server plays the scripts, in virtual time."""

    async def run() -> T:
        network = Network(*scripts)
        try:
            async with Client("wss://in.memory", token, dial=network.dial, **options) as client:
                return await scenario(client, network)
        finally:
            await network.end()

    return in_virtual_time(run())
