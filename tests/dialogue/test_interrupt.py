"""Ending an iteration from outside: at once, and with everything closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.interrupt import Stop, until


class Source:
    """Counts, one number a second, and notes when it is closed."""

    def __init__(self) -> None:
        self.closed_at: float | None = None

    async def count(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(10):
                yield number
                await asyncio.sleep(1.0)
        finally:
            self.closed_at = asyncio.get_running_loop().time()


async def collected(items: AsyncGenerator[int, None]) -> list[int]:
    return [item async for item in items]


def test_without_a_stop_all_items_come() -> None:
    source = Source()
    assert in_virtual_time(collected(until(source.count(), Stop()))) == list(range(10))
    assert source.closed_at is not None


def test_a_stop_ends_it_in_the_middle_of_a_wait() -> None:
    source, stop = Source(), Stop()

    async def scenario() -> list[int]:
        asyncio.get_running_loop().call_later(2.5, stop.ask, "user")
        return await collected(until(source.count(), stop))

    assert in_virtual_time(scenario()) == [0, 1, 2]
    assert source.closed_at == pytest.approx(2.5)


def test_a_stop_that_was_asked_before_lets_nothing_begin() -> None:
    source, stop = Source(), Stop()
    stop.ask("superseded")
    assert in_virtual_time(collected(until(source.count(), stop))) == []


def test_the_first_reason_counts() -> None:
    stop = Stop()
    assert not stop.asked
    stop.ask("deadline")
    stop.ask("user")
    assert (stop.asked, stop.reason) == (True, "deadline")


def test_an_error_comes_through() -> None:
    async def fails() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        in_virtual_time(collected(until(fails(), Stop())))


def test_whoever_is_cancelled_while_waiting_leaves_nothing_open() -> None:
    source = Source()

    async def scenario() -> None:
        reading = asyncio.create_task(collected(until(source.count(), Stop())))
        await asyncio.sleep(2.5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    in_virtual_time(scenario())
    assert source.closed_at == pytest.approx(2.5)
