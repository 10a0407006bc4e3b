"""The worker dies at 60% of its answer, the event is delivered again: one answer or one typed error, charged once."""

from __future__ import annotations

import asyncio

from tests.scenarios.device import Told, device
from tests.scenarios.stage import LEASE, Question, Stage, until
from thinkaloud.state.records import TurnKey
from thinkaloud.state.stores import ConversationStore

THREE_SECONDS = {"do": "text", "tokens": 150, "rate": 50}


def kill(stage: Stage, question: Question) -> None:
    """End the process that answers it, as when its machine is lost."""
    assert stage.cloud.functions.kill("TurnFunction", question.turn) == 1


async def test_the_next_worker_answers_anew_behind_a_reset(stage: Stage) -> None:
    question = stage.question(THREE_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 0.6 * 150 * 4)
        kill(stage, question)
        final = await phone.ends(question, 60)
        resets = phone.of("reset")
    assert (final["type"], final["finish"]) == ("complete", "stop")
    assert [reset["step"] for reset in resets] == [0]
    await settled_once(stage, question, told)
    assert [call["outcome"] for call in stage.calls(question)] == ["aborted", "finished"]
    assert told.text == stage.calls(question)[-1]["said"]


async def test_the_client_library_brings_the_next_worker_before_lambda_does(stage: Stage) -> None:
    """Its resumes find the lease run out; Lambda's own retry then finds the turn taken, or ended."""
    question = stage.question(THREE_SECONDS)
    async with stage.client() as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        killed = False
        async for received in answer:
            if received.type == "text" and len(answer.message.text) > 300 and not killed:
                killed = True
                kill(stage, question)
    await stage.cloud.functions.settled()
    assert answer.message.text == stage.calls(question)[-1]["said"]
    assert len(stage.calls(question)) == 2
    assert answer.message.metadata["finish"] == "stop"


async def test_every_worker_dies_and_the_turn_ends_with_one_typed_error(stage: Stage) -> None:
    question = stage.question({"do": "text", "tokens": 300, "rate": 30})
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        for attempt in range(3):
            await phone.until(lambda attempt=attempt: told.resets == attempt and len(told.text) > 200, 60)  # type: ignore[misc]
            await asyncio.sleep(1.2)  # a segment or two are in the journal
            kill(stage, question)
        # The function `settle` finds the last lease running, fails, and is tried again once it is over.
        final = await phone.ends(question, 60)
        assert (final["type"], final["code"], final["retryable"]) == ("error", "crashed", True)
    await stage.cloud.functions.settled()
    turn = await settled_once(stage, question, told)
    assert turn is not None
    assert len(stage.calls(question)) == 3
    assert len(told.text) > 100
    assert stage.calls(question)[-1]["said"].startswith(told.text)


async def test_a_second_delivery_to_a_live_worker_changes_nothing(stage: Stage) -> None:
    question = stage.question(THREE_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 100)
        key = {"tenant": "demo", "session": question.session, "turn": question.turn}
        again = await stage.cloud.functions.invoke("TurnFunction", {"key": key})
        assert again.payload == {"ran": 0}
        await phone.ends(question)
        assert (told.resets, told.again) == (0, 0)
        after = await stage.cloud.functions.invoke("TurnFunction", {"key": key})
        assert after.payload == {"ran": 0}
    assert told.text == stage.calls(question)[0]["said"]
    assert len(stage.calls(question)) == 1


async def test_a_turn_that_was_left_is_finished_by_a_ping(stage: Stage) -> None:
    """Lambda's retry comes late or never: whoever pings with the turn brings its next worker."""
    question = stage.question(THREE_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 100)
        kill(stage, question)
        await asyncio.sleep(LEASE + 2.2)
        await phone.reply(await phone.send("ping", session=question.session, turn=question.turn))
        await until(lambda: len(stage.calls(question)) == 2, 5)
        final = await phone.ends(question)
        assert final["finish"] == "stop"
    await stage.cloud.functions.settled()
    await settled_once(stage, question, told)


async def settled_once(stage: Stage, question: Question, told: Told) -> ConversationStore:
    """One outcome is stored, it is what the reader was told, and the session is free."""
    turn = await stage.stored(question)
    assert turn.outcome is not None
    assert turn.outcome.answer == told.text
    assert told.last is not None
    await stage.free(question.session)
    session = await asyncio.to_thread(stage.conversations.session, "demo", question.session)
    assert session is not None
    assert session.recent == (question.turn,)
    assert stage.conversations.get(TurnKey("demo", question.session, question.turn)) == turn
    return stage.conversations
