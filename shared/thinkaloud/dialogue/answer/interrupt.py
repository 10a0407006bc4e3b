"""Ending an asynchronous iteration from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Literal, TypeVar

T = TypeVar("T")

StopReason = Literal["user", "superseded", "deadline", "quota"]


class Stop:
    """A wish that a turn ends, with its reason; the first one counts."""

    def __init__(self) -> None:
        self.reason: StopReason | None = None
        self._asked = asyncio.Event()

    def ask(self, reason: StopReason) -> None:
        """Let the turn end."""
        self.reason = self.reason or reason
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether somebody wants the turn to end."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Until somebody does."""
        await self._asked.wait()


async def until(items: AsyncGenerator[T, None], stop: Stop) -> AsyncGenerator[T, None]:
    """The items until `stop` is set. What the generator waits for is then cancelled at once, and it is closed.

    It is closed as well where whoever reads these items is cancelled: nothing goes on behind their back.
    """
    stopping = asyncio.ensure_future(stop.wait())
    upcoming: asyncio.Future[tuple[T] | None] | None = None
    try:
        while not stop.asked:
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
