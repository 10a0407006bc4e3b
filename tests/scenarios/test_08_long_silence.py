"""A model that thinks long, or for ever: heartbeats throughout, and an error that comes late still arrives.

A heartbeat a second stands for ten; what a route may take is 2.9 s in place of 29.
"""

from __future__ import annotations

import itertools

import pytest

from tests.scenarios.device import Device, device
from tests.scenarios.stage import HEARTBEAT, Stage

#: Longer than three times the 2.9 s after which the gateway gives up a function of a route.
LONG = 9.0


async def test_a_long_thought_is_kept_alive_by_heartbeats(stage: Stage) -> None:
    question = stage.question({"do": "text", "delay": LONG, "tokens": 20})
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.ends(question)
        assert_never_silent(phone)
        assert len(phone.of("heartbeat")) >= LONG / HEARTBEAT - 2
    assert told.text == stage.calls(question)[0]["said"]


async def test_a_pause_in_mid_answer_as_well(stage: Stage) -> None:
    question = stage.question({"do": "text", "tokens": 20}, {"do": "text", "delay": LONG, "tokens": 20})
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.ends(question)
        assert_never_silent(phone)
    assert told.text == stage.calls(question)[0]["said"]


@pytest.mark.parametrize("status", [429, 500])
async def test_an_error_after_the_routes_limit_still_arrives(stage: Stage, status: int) -> None:
    question = stage.question({"do": "text", "tokens": 5}, {"do": "error", "delay": LONG, "status": status})
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        final = await phone.ends(question)
        assert final["type"] == "error"
        assert final["retryable"] is True
        assert_never_silent(phone)
    outcome = (await stage.stored(question)).outcome
    assert outcome is not None
    assert (outcome.state, outcome.answer) == ("failed", told.text)


async def test_a_long_thought_goes_on_for_a_reader_who_comes_back(stage: Stage) -> None:
    question = stage.question({"do": "text", "delay": LONG, "tokens": 20})
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.hears(lambda frame: frame["type"] == "heartbeat")
        phone.connection.cut()
        await phone.gone()
    async with device(stage.cloud) as phone:
        assert (await phone.resume(question, told))["state"] == "running"
        await phone.ends(question)
        assert phone.of("heartbeat")
    assert len(stage.calls(question)) == 1


def assert_never_silent(phone: Device) -> None:
    """No more than a heartbeat between two messages, and what a busy machine adds."""
    times = [at for at, _ in phone.heard]
    longest = max(later - earlier for earlier, later in itertools.pairwise(times))
    assert longest < HEARTBEAT + 0.8, f"{longest:.2f} s of silence"
