from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from localcloud.models.chat_api import limited, on_time
from localcloud.models.pacing import LoopClock, filler, paced
from localcloud.models.performance import Action, Cut, Pause, Performance, Say, Stall, Think
from tests.virtual_time import in_virtual_time


def spoken(text: str) -> Performance:
    return Performance([Think("Hm."), *paced(text, rate=10), Cut()], "content_filter")


def test_without_limits_nothing_changes() -> None:
    performance = spoken("one two three")
    assert limited(performance, None, []) is performance
    assert limited(performance, 3, ["four"]) is performance


def test_a_token_limit_ends_it_for_length() -> None:
    short = limited(spoken("one two three"), 2, [])
    assert (short.text, short.finish_reason) == ("one two", "length")
    assert short.actions[0] == Think("Hm.")
    assert Cut() not in short.actions


@pytest.mark.parametrize(
    ("stop", "left"), [(["two"], "one "), (["e t"], "on"), (["three", "one"], ""), ([""], "one two three")]
)
def test_a_stop_sequence_ends_it_where_it_begins(stop: list[str], left: str) -> None:
    assert limited(spoken("one two three"), None, stop).text == left


def test_whichever_limit_comes_first_counts() -> None:
    assert limited(spoken("one two three"), 1, ["three"]).finish_reason == "length"
    assert limited(spoken("one two three"), 3, ["two"]).finish_reason == "stop"


async def played(actions: Sequence[Action], slow: float = 0.0) -> list[tuple[float, Action]]:
    clock = LoopClock()
    seen: list[tuple[float, Action]] = []
    async for action in on_time(actions, clock):
        seen.append((round(clock.now(), 6), action))
        await asyncio.sleep(slow)
    return seen


def test_actions_come_when_they_are_due() -> None:
    actions = [Say("a"), Pause(0.5), Say("b"), Say("c"), Pause(1), Say("d")]
    seen = in_virtual_time(played(actions))
    assert seen == [(0, Say("a")), (0.5, Say("b")), (0.5, Say("c")), (1.5, Say("d"))]


def test_lateness_does_not_add_up() -> None:
    seen = in_virtual_time(played(list(paced(filler(300), rate=100)), slow=0.004))
    assert seen[-1][0] == pytest.approx(2.99)


def test_a_stall_lasts_until_the_client_leaves() -> None:
    async def scenario() -> list[tuple[float, Action]]:
        try:
            async with asyncio.timeout(3_600):
                return await played([Say("a"), Stall(), Say("never")])
        except TimeoutError:
            return []

    assert in_virtual_time(scenario()) == []
