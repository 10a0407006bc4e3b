"""kill -9 of the worker at a random moment, over and over: every turn settles, none is doubled, none is lost.

Ten times by default; `KILLS=100 pytest tests/scenarios/test_kill.py` is the long form.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from dataclasses import dataclass

from tests.scenarios.stage import Question, Stage, figure, until
from thinkaloud.state.records import TurnKey

KILLS = int(os.environ.get("KILLS", "10"))
#: Turns at a time: each is killed at its own moment.
AT_ONCE = 5
#: Seconds from the question within which a worker is killed: before it has claimed its turn, or as it ends.
SPAN = 2.6


@dataclass(frozen=True)
class Ending:
    kind: str
    shown: str
    stored: str
    said: str
    finals: int
    struck: bool


async def one(stage: Stage, moment: float) -> Ending:
    question = stage.question({"do": "text", "tokens": 80, "rate": 40})
    async with stage.client() as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        striking = asyncio.create_task(kill(stage, question, moment))
        final, finals = None, 0
        async for received in answer:
            if received.final:
                final, finals = received, finals + 1
        striking.cancel()
        [struck] = await asyncio.gather(striking, return_exceptions=True)
    assert final is not None
    turn = await stage.stored(question)
    assert turn.outcome is not None
    await stage.free(question.session)
    session = await asyncio.to_thread(stage.conversations.session, "demo", question.session)
    assert session is not None
    assert session.recent == (question.turn,), "one turn, once"
    [call, *_] = reversed(stage.calls(question))
    return Ending(final.type, answer.message.text, turn.outcome.answer, call["said"], finals, struck is True)


async def kill(stage: Stage, question: Question, moment: float) -> bool:
    """Kill the process that has the turn then, or the first that has it after that."""
    await asyncio.sleep(moment)
    return bool(await until(lambda: stage.cloud.functions.kill("TurnFunction", question.turn)))


async def test_a_worker_killed_at_any_moment(stage: Stage) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    endings: list[Ending] = []
    given_up_before = len(stage.cloud.functions.failures)
    while (left := KILLS - sum(ending.struck for ending in endings)) > 0:
        moments = [chance.uniform(0, SPAN) for _ in range(min(AT_ONCE, left))]
        endings += await asyncio.gather(*(one(stage, moment) for moment in moments))
        await stage.cloud.functions.settled()  # Lambda's retries find their turns ended

    kinds = Counter(ending.kind for ending in endings)
    figure(f"kill -9 (seed {seed}): {KILLS} workers killed in {len(endings)} turns, {dict(kinds)}")
    assert all(ending.finals == 1 for ending in endings)
    assert set(kinds) == {"complete"}, "one crash is always survived"
    lost_or_doubled = [ending for ending in endings if not ending.shown == ending.stored == ending.said]
    assert lost_or_doubled == []
    assert len(stage.cloud.functions.failures) == given_up_before, "Lambda gave up none of them"


async def test_the_stored_turn_is_of_the_last_epoch(stage: Stage) -> None:
    """A worker that was only frozen, and wakes after its successor has ended the turn, changes nothing."""
    question = stage.question({"do": "text", "tokens": 80, "rate": 40})
    async with stage.client() as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        async for _ in answer:
            pass
    key = TurnKey("demo", question.session, question.turn)
    before = await asyncio.to_thread(stage.conversations.get, key)
    await stage.cloud.functions.invoke("TurnFunction", {"key": vars(key), "last_try": True})
    assert await asyncio.to_thread(stage.conversations.get, key) == before
