"""Processes that end with the block they are used in, and by themselves when this process is gone."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

#: Nothing is shared by accident: a process starts with an interpreter of its own.
SPAWN = multiprocessing.get_context("spawn")


class Host:
    """The seam between a server's process and the one that started it."""

    def __init__(self, pipe: Connection[str, str]) -> None:
        self._pipe = pipe

    async def run(self, url: str) -> None:
        """Tell where the server listens, and return when it is no longer wanted."""
        self._pipe.send(url)
        # The other end says nothing: it becomes readable when it is closed.
        await asyncio.to_thread(self._pipe.poll, None)


@contextmanager
def serving(server: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> Iterator[str]:
    """Run `server(host, *arguments)` in a process, and give the URL it tells.

    Raises:
        EOFError: it ended before it listened; its own words are on standard error.
    """
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(theirs, server, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(5.0)
        process.kill()


def _serve(
    pipe: Connection[str, str], server: Callable[..., Coroutine[Any, Any, None]], arguments: tuple[Any, ...]
) -> None:
    asyncio.run(server(Host(pipe), *arguments))
