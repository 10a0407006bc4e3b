"""Ending an asynchronous iteration from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")


async def until(items: AsyncGenerator[T, None], stop: asyncio.Event) -> AsyncGenerator[T, None]:
    """The items until `stop` is set. What the generator waits for is then cancelled at once, and it is closed.

    The same happens where the caller leaves early or is cancelled itself.
    """
    stopping = asyncio.ensure_future(stop.wait())
    upcoming: asyncio.Future[tuple[T] | None] | None = None
    try:
        while not stop.is_set():
            upcoming = asyncio.ensure_future(_next(items))
            await asyncio.wait({upcoming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not upcoming.done() or not (found := upcoming.result()):
                return
            yield found[0]
    finally:
        stopping.cancel()
        if upcoming is not None and upcoming.cancel():
            await asyncio.gather(upcoming, return_exceptions=True)
        await items.aclose()


async def _next(items: AsyncGenerator[T, None]) -> tuple[T] | None:
    """The next item, or None at the end: a task cannot carry StopAsyncIteration."""
    async for item in items:
        return (item,)
    return None
