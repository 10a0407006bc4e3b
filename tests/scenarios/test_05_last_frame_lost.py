"""The gateway takes the last frames and never delivers them: the client settles within one heartbeat."""

from __future__ import annotations

import asyncio
import time

from localcloud.gateway.faults import FaultPlan
from tests.scenarios.device import Told, device
from tests.scenarios.stage import HEARTBEAT, Question, Stage, figure, until

#: What comes after the pause: the last text, the end of the turn.
LAST_POSTS = 2


def question(stage: Stage) -> Question:
    """Most of the answer at once, and its end after a pause that is shorter than a heartbeat."""
    return stage.question({"do": "text", "tokens": 50}, {"do": "text", "delay": 0.8, "text": " Finis."})


async def test_the_client_settles_within_a_heartbeat(stage: Stage) -> None:
    asked = question(stage)
    async with stage.client() as client:
        answer = client.ask(asked.text, session=asked.session, turn=asked.turn)
        [connection] = stage.cloud.gateway.connections

        async def lose_the_end() -> float:
            await until(lambda: answer.message.text)
            await asyncio.sleep(0.4)  # well inside the pause: all that was said has been posted
            stage.cloud.gateway.faults.set(FaultPlan(drop=True, count=LAST_POSTS), connection.id)
            before = connection.posts.total()
            await until(lambda: connection.posts.total() >= before + LAST_POSTS)
            return time.monotonic()

        losing = asyncio.create_task(lose_the_end())
        async for _ in answer:
            pass
        settled = time.monotonic() - await losing

    figure(f"5: settled {settled:.2f} s after the last frame was lost, with a heartbeat of {HEARTBEAT} s")
    [call] = stage.calls(asked)
    assert answer.message.text == call["said"]
    assert answer.message.text.endswith("Finis.")
    assert answer.message.metadata["finish"] == "stop"
    # A heartbeat, a fifth of one for the way, and the replay itself on a busy machine.
    assert settled < 1.2 * HEARTBEAT + 2.0


async def test_a_silent_client_that_asks_again_gets_the_end_alone(stage: Stage) -> None:
    asked = question(stage)
    async with device(stage.cloud) as phone:
        told: Told = await phone.ask(asked)
        await phone.until(lambda: bool(told.text))
        await asyncio.sleep(0.4)
        stage.cloud.gateway.faults.set(FaultPlan(drop=True, count=LAST_POSTS), phone.connection.id)
        await stage.free((await stage.stored(asked)).question.key.session)
        await until(lambda: phone.connection.posts.total() > 0)
        assert told.last is None
        resumed = await phone.resume(asked, told)
        assert resumed["state"] in ("running", "done")
        await phone.ends(asked)
        assert (told.again, told.torn, told.resets) == (0, 0, 0)
    assert told.text == stage.calls(asked)[0]["said"]
