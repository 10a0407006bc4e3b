"""The client reconnects before the first token, and asks to resume more than once."""

from __future__ import annotations

import asyncio

from tests.scenarios.device import Told, device
from tests.scenarios.stage import Stage

#: Two seconds of thought, two of text.
THINKING = {"do": "text", "delay": 2.0, "tokens": 100, "rate": 50}


async def test_a_client_that_reconnects_before_the_first_token_sees_one_copy(stage: Stage) -> None:
    question = stage.question(THINKING)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.hears(lambda frame: frame["type"] == "accepted")
        phone.connection.cut()
        await phone.gone()
    async with device(stage.cloud) as phone:
        resumed = await phone.resume(question, told)
        assert resumed["state"] in ("pending", "running")
        assert not told.text
        await phone.ends(question)
        assert told.again == told.torn == 0
    [call] = stage.calls(question)
    assert told.text == call["said"]


async def test_a_resume_that_overtakes_its_ask_is_answered_and_the_ask_runs(stage: Stage) -> None:
    question = stage.question(THINKING)
    async with device(stage.cloud) as phone:
        told = Told()
        resumed = await phone.resume(question, told)
        assert (resumed["state"], resumed["turn"]) == ("none", None)
        assert await phone.ask(question) is told
        await phone.ends(question)
    [call] = stage.calls(question)
    assert told.text == call["said"]


async def test_resumed_on_two_connections_each_sees_one_copy(stage: Stage) -> None:
    question = stage.question(THINKING)
    async with device(stage.cloud) as first, device(stage.cloud) as second, device(stage.cloud) as third:
        mine = await first.ask(question)
        await first.hears(lambda frame: frame["type"] == "accepted")
        others = [Told(), Told()]
        await asyncio.gather(second.resume(question, others[0]), third.resume(question, others[1]))
        for phone in (first, second, third):
            await phone.ends(question)
    [call] = stage.calls(question)
    for told in (mine, *others):
        assert told.text == call["said"]
        assert (told.again, told.torn, told.resets) == (0, 0, 0)


async def test_resumed_twice_on_one_connection_nothing_is_shown_twice(stage: Stage) -> None:
    question = stage.question(THINKING)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 50)
        # The one that arrives last counts; it takes the place of one that is not answered yet.
        for _ in range(2):
            await phone.send("resume", session=question.session, turn=question.turn, after=told.cursor)
        await phone.hears(lambda frame: frame["type"] == "resumed")
        while told.last is None:
            before = told.torn
            await phone.until(lambda before=before: told.last is not None or told.torn > before)  # type: ignore[misc]
            if told.last is None:
                await phone.resume(question, told)
    [call] = stage.calls(question)
    assert told.text == call["said"]


async def test_an_unknown_turn_or_session_is_named_and_never_met_with_silence(stage: Stage) -> None:
    question = stage.question({"do": "text", "text": "Fourteen days."})
    async with device(stage.cloud) as phone:
        assert (await phone.resume(question, Told()))["state"] == "none"
        await phone.ask(question)
        await phone.ends(question)
        frame_id = await phone.send("resume", session=question.session, turn="no-such-turn", after=0)
        assert (await phone.reply(frame_id))["state"] == "none"
        frame_id = await phone.send("resume", session=question.session, after=0)
        latest = await phone.reply(frame_id)
        assert (latest["state"], latest["turn"]) == ("done", question.turn)


async def test_a_cursor_ahead_of_the_turn_gets_the_whole_answer_behind_a_reset(stage: Stage) -> None:
    question = stage.question({"do": "text", "text": "Fourteen days."})
    async with device(stage.cloud) as phone:
        await phone.ask(question)
        await phone.ends(question)
    await stage.free(question.session)
    async with device(stage.cloud) as other:
        ahead = Told(cursor=700)
        resumed = await other.resume(question, ahead)
        assert resumed["state"] == "done"
        await other.ends(question)
        assert (ahead.resets, ahead.text) == (1, "Fourteen days.")
