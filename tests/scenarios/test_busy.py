"""A question while its session answers another one, over the wire, under each policy; exact under 20 at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.scenarios.device import device
from tests.scenarios.stage import Question, Stage, opened

ASKS = 20
LONG = {"do": "text", "tokens": 400, "rate": 40}


@asynccontextmanager
async def policy(name: str, state: Path) -> AsyncIterator[Stage]:
    async with opened(state, {"BUSY_POLICY": name}, max_concurrency=8) as stage:
        await stage.cloud.functions.warm({"DefaultFunction": 4, "TurnFunction": 2})
        yield stage


async def outcome(stage: Stage, question: Question) -> dict[str, Any]:
    """Ask over a socket of its own: the refusal, or the final frame."""
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: told.last is not None or any("turn" not in frame for frame in phone.of("error")), 90)
        return told.last or phone.of("error")[0]


async def all_at_once(stage: Stage, *steps: dict[str, Any]) -> list[dict[str, Any]]:
    """How twenty questions of one session end that are asked at once."""
    session = stage.question(*steps).session
    questions = [stage.question(*steps, session=session) for _ in range(ASKS)]
    ends = await asyncio.gather(*(outcome(stage, question) for question in questions))
    await stage.free(session)
    return ends


async def test_reject(stage: Stage) -> None:
    ends = await all_at_once(stage, {"do": "text", "tokens": 100, "rate": 20})
    assert Counter(end["type"] for end in ends) == {"complete": 1, "error": ASKS - 1}
    assert {(end["code"], end["retryable"]) for end in ends if end["type"] == "error"} == {("busy", True)}


async def test_queue(tmp_path: Path) -> None:
    async with policy("queue", tmp_path) as stage:
        ends = await all_at_once(stage, {"do": "text", "text": "Fourteen days."})
        assert Counter((end["type"], end.get("finish")) for end in ends) == {("complete", "stop"): ASKS}

        # They are answered in the order in which they were accepted, each knowing the one before.
        first = stage.question({"do": "text", "tokens": 60, "rate": 40})
        second = stage.question({"do": "text", "text": "Yes."}, session=first.session)
        async with device(stage.cloud) as phone:
            told = await phone.ask(first)
            await phone.until(lambda: bool(told.text))
            await phone.ask(second)
            await phone.ends(second)
            assert told.last is not None
        assert first.text in str(stage.calls(second)[0]["messages"])


async def test_what_waits_behind_a_turn_whose_workers_all_die_is_answered_when_that_is_closed(tmp_path: Path) -> None:
    async with policy("queue", tmp_path) as stage:
        first = stage.question({"do": "text", "tokens": 300, "rate": 30})
        second = stage.question({"do": "text", "text": "Yes."}, session=first.session)
        async with device(stage.cloud) as phone:
            told = await phone.ask(first)
            await phone.until(lambda: bool(told.text))
            await phone.ask(second)
            for attempt in range(3):
                await phone.until(lambda attempt=attempt: told.resets == attempt and len(told.text) > 20, 60)  # type: ignore[misc]
                assert stage.cloud.functions.kill("TurnFunction", first.turn) == 1
            assert (await phone.ends(first, 60))["code"] == "crashed"
            # Nobody has said a word since: the failure destination has handed it on.
            assert (await phone.ends(second, 60))["finish"] == "stop"
        assert len(stage.calls(second)) == 1


async def test_interrupt(tmp_path: Path) -> None:
    async with policy("interrupt", tmp_path) as stage:
        ends = await all_at_once(stage, LONG)
        finishes = Counter((end["finish"], end.get("reason")) for end in ends)
        assert finishes == {("stopped", "superseded"): ASKS - 1, ("stop", None): 1}

        first = stage.question(LONG)
        second = stage.question({"do": "text", "text": "Yes."}, session=first.session)
        async with device(stage.cloud) as phone:
            told = await phone.ask(first)
            await phone.until(lambda: bool(told.text))
            await phone.ask(second)
            assert (await phone.ends(first))["reason"] == "superseded"
            assert (await phone.ends(second))["finish"] == "stop"
        assert stage.calls(first)[0]["outcome"] == "aborted"
