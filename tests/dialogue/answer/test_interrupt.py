"""A stop ends an iteration at once, wherever it is, and leaves nothing running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.interrupt import Stop, until


class Source:
    """Gives a number every second, and notes when it was closed."""

    def __init__(self, count: int = 1_000) -> None:
        self.closed_at: float | None = None
        self._count = count

    async def numbers(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(self._count):
                await asyncio.sleep(1.0)
                yield number
        finally:
            self.closed_at = asyncio.get_running_loop().time()


async def collect(source: Source, stop: Stop) -> list[int]:
    async with aclosing(until(source.numbers(), stop)) as numbers:
        return [number async for number in numbers]


async def nothing_is_left() -> None:
    """What was cancelled has ended, and no other task is there."""
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_without_a_stop_everything_comes() -> None:
    source = Source(3)

    async def scenario() -> None:
        assert await collect(source, Stop()) == [0, 1, 2]

    in_virtual_time(scenario())
    assert source.closed_at == pytest.approx(3.0)


def test_a_stop_cuts_the_wait_for_the_next_item_short() -> None:
    source = Source()

    async def scenario() -> None:
        stop = Stop()
        asyncio.get_running_loop().call_later(2.5, stop.ask, "user")
        assert await collect(source, stop) == [0, 1]

    in_virtual_time(scenario())
    assert source.closed_at == pytest.approx(2.5)


def test_a_stop_between_two_items_is_seen_before_the_next_is_asked_for() -> None:
    source = Source()

    async def scenario() -> None:
        stop = Stop()
        async with aclosing(until(source.numbers(), stop)) as numbers:
            async for _ in numbers:
                stop.ask("user")

    in_virtual_time(scenario())
    assert source.closed_at == pytest.approx(1.0)


def test_a_stop_that_came_first_starts_nothing() -> None:
    source = Source()

    async def scenario() -> None:
        stop = Stop()
        stop.ask("user")
        assert await collect(source, stop) == []

    in_virtual_time(scenario())
    assert source.closed_at is None


def test_leaving_early_closes_the_source() -> None:
    source = Source()

    async def scenario() -> None:
        async with aclosing(until(source.numbers(), Stop())) as numbers:
            assert await anext(numbers) == 0
        await nothing_is_left()

    in_virtual_time(scenario())
    assert source.closed_at == pytest.approx(1.0)


def test_cancelling_whoever_waits_closes_the_source() -> None:
    """As when a task group ends because the sender of the frames failed."""
    source = Source()

    async def scenario() -> None:
        waiting = asyncio.create_task(collect(source, Stop()))
        await asyncio.sleep(2.5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await nothing_is_left()

    in_virtual_time(scenario())
    assert source.closed_at == pytest.approx(2.5)


def test_an_error_passes_through() -> None:
    async def fails() -> AsyncGenerator[int, None]:
        yield 1
        raise LookupError("nothing there")

    async def scenario() -> None:
        seen = []
        with pytest.raises(LookupError):
            async for number in until(fails(), Stop()):
                seen.append(number)  # noqa: PERF401 - what came before the error is the point
        assert seen == [1]

    in_virtual_time(scenario())


def test_of_several_wishes_the_first_one_says_why() -> None:
    stop = Stop()
    assert (stop.asked, stop.reason) == (False, None)
    stop.ask("superseded")
    stop.ask("user")
    assert (stop.asked, stop.reason) == (True, "superseded")
