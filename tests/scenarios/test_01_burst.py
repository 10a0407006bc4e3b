"""Fifty sockets ask long questions at once: every turn ends in a final frame, and none in silence."""

from __future__ import annotations

import asyncio
import time

from tests.scenarios.device import device
from tests.scenarios.stage import Question, Stage, figure

SOCKETS = 50
LONG = "Our customer in Chengdu asks the following, word for word. " * 60


async def first_token(stage: Stage, question: Question) -> float:
    """Ask over a socket of its own; seconds until the first text."""
    async with device(stage.cloud) as phone:
        asked = time.monotonic()
        told = await phone.ask(question)
        final = await phone.ends(question, 120)
        assert (final["type"], final["finish"]) == ("complete", "stop")
        assert len(stage.calls(question)) == 1
        assert told.text == stage.calls(question)[0]["said"]
        assert (await stage.stored(question)).outcome is not None
        return next(heard for heard, frame in phone.heard if frame.get("type") == "text") - asked


async def test_fifty_long_questions_at_once_are_all_answered(stage: Stage) -> None:
    def question() -> Question:
        asked = stage.question({"do": "text", "tokens": 60, "rate": 100})
        return Question(LONG + asked.text, asked.marker)

    alone = await first_token(stage, question())
    waits = sorted(await asyncio.gather(*(first_token(stage, question()) for _ in range(SOCKETS))))

    figure(
        f"1: first token: {alone:.2f} s alone; of {SOCKETS} at once p50 {waits[SOCKETS // 2]:.2f} s, "
        f"p95 {waits[int(0.95 * SOCKETS)]:.2f} s (at most 12 workers, on this machine's cores)"
    )
    assert len(waits) == SOCKETS
