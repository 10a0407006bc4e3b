"""Stop works wherever it comes from and whenever it comes; the model's stream is closed within a second."""

from __future__ import annotations

import time
from typing import Any

from localcloud.models.controls import Fault
from tests.scenarios.device import Told, device
from tests.scenarios.stage import Question, Stage, figure, until

TEN_SECONDS = {"do": "text", "tokens": 300, "rate": 30}
LATE = {"do": "text", "delay": 10.0, "tokens": 10}


async def test_before_the_first_token(stage: Stage) -> None:
    question = stage.question(LATE)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await until(lambda: stage.calls(question))
        stopped = time.time()
        assert (await phone.stop(question))["code"] == "stopping"
        await phone.ends(question)
    await check(stage, question, told, stopped)
    assert told.text == ""


async def test_in_mid_answer(stage: Stage) -> None:
    question = stage.question(TEN_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 50)
        stopped = time.time()
        assert (await phone.stop(question))["code"] == "stopping"
        await phone.ends(question)
    await check(stage, question, told, stopped)
    assert told.text


async def test_after_a_resume(stage: Stage) -> None:
    question = stage.question(TEN_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 50)
        phone.connection.cut()
        await phone.gone()
    async with device(stage.cloud) as phone:
        await phone.resume(question, told)
        stopped = time.time()
        assert (await phone.stop(question))["code"] == "stopping"
        await phone.ends(question)
    await check(stage, question, told, stopped)


async def test_from_a_second_tab(stage: Stage) -> None:
    question = stage.question(TEN_SECONDS)
    async with device(stage.cloud) as first, device(stage.cloud) as second:
        told = await first.ask(question)
        await first.until(lambda: len(told.text) > 50)
        stopped = time.time()
        await second.stop(question)
        await first.ends(question)
    await check(stage, question, told, stopped)


async def test_while_the_documents_are_searched(stage: Stage) -> None:
    stage.cloud.models.controls.put_fault(Fault(path="/v1/embeddings", delay=8, count=1))
    question = stage.question(TEN_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.hears(lambda frame: frame["type"] == "status")
        stopped = time.time()
        await phone.stop(question)
        final = await phone.ends(question)
    assert time.time() - stopped < 2
    assert (final["finish"], final["reason"], told.text) == ("stopped", "user", "")
    assert stage.calls(question) == []


async def test_before_the_ask_was_processed(stage: Stage) -> None:
    question = stage.question(TEN_SECONDS)
    async with device(stage.cloud) as phone:
        told_of = await phone.stop(question)
        assert told_of["code"] == "unknown_turn"
        asked = time.time()
        told = await phone.ask(question)
        final = await phone.ends(question)
    assert time.time() - asked < 3
    assert (final["finish"], final["reason"], told.text) == ("stopped", "user", "")
    assert (await stage.stored(question)).outcome is not None
    assert all(call["outcome"] == "aborted" for call in stage.calls(question))


async def test_after_the_end(stage: Stage) -> None:
    question = stage.question({"do": "text", "text": "Fourteen days."})
    async with device(stage.cloud) as phone, stage.client() as client:
        await phone.ask(question)
        await phone.ends(question)
        assert (await phone.stop(question))["code"] == "already_ended"
        assert await client.stop(question.session, question.turn) == "already_ended"
    turn = await stage.stored(question)
    assert turn.outcome is not None
    assert (turn.outcome.finish, turn.outcome.answer) == ("stop", "Fourteen days.")


async def test_a_stop_of_another_user_is_refused_and_the_answer_goes_on(stage: Stage) -> None:
    question = stage.question({"do": "text", "tokens": 100, "rate": 50})
    async with device(stage.cloud) as phone, device(stage.cloud, stage.cloud.token(user="stranger")) as stranger:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 50)
        assert (await stranger.stop(question))["code"] == "forbidden"
        frame_id = await stranger.send("resume", session=question.session, turn=question.turn, after=0)
        assert (await stranger.reply(frame_id))["code"] == "forbidden"
        final = await phone.ends(question)
        assert final["finish"] == "stop"
        assert not [frame for _, frame in stranger.heard if frame.get("turn") == question.turn]


async def test_a_stop_left_by_another_user_before_the_ask_is_not_heeded(stage: Stage) -> None:
    question = stage.question({"do": "text", "text": "Fourteen days."})
    async with device(stage.cloud) as phone, device(stage.cloud, stage.cloud.token(user="stranger")) as stranger:
        assert (await stranger.stop(question))["code"] == "unknown_turn"
        told = await phone.ask(question)
        final = await phone.ends(question)
    assert (final["finish"], told.text) == ("stop", "Fourteen days.")


async def check(stage: Stage, question: Question, told: Told, stopped: float) -> None:
    """The model was left at once; what was said stays with the question, and with what it cost."""
    final: dict[str, Any] | None = told.last
    assert final is not None
    assert (final["type"], final["finish"], final["reason"]) == ("complete", "stopped", "user")
    [call] = stage.calls(question)
    closed = await until(lambda: stage.calls(question)[0]["finished"])
    figure(f"6: upstream closed {closed - stopped:.2f} s after the stop")
    assert call["outcome"] == "aborted"
    assert closed - stopped < 1.0
    turn = await stage.stored(question)
    assert turn.outcome is not None
    assert turn.question.text == question.text
    assert turn.outcome.answer == told.text
    assert call["said"].startswith(told.text)
    assert turn.outcome.usage == final["usage"]
    assert final["usage"]["estimated"] is True
    assert final["usage"]["prompt"] > 0
    await stage.free(question.session)
    again = stage.question({"do": "text", "text": "Yes."}, session=question.session)
    async with device(stage.cloud) as phone:
        await phone.ask(again)
        assert (await phone.ends(again))["finish"] == "stop"
    assert question.text in str(stage.calls(again)[0]["messages"]) or not told.text
