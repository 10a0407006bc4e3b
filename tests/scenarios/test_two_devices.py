"""A session open on two devices streams to both, and either may stop it."""

from __future__ import annotations

from tests.scenarios.device import Told, device
from tests.scenarios.stage import Stage

FOUR_SECONDS = {"do": "text", "tokens": 200, "rate": 50}


async def test_both_see_the_same_and_one_may_leave(stage: Stage) -> None:
    question = stage.question(FOUR_SECONDS)
    async with device(stage.cloud) as laptop, device(stage.cloud) as phone:
        mine = await laptop.ask(question)
        await laptop.until(lambda: len(mine.text) > 100)
        theirs = Told()
        resumed = await phone.resume(question, theirs)
        assert (resumed["state"], resumed["from"]) == ("running", 1)
        await phone.until(lambda: len(theirs.text) > 150)
        laptop.connection.cut()  # the asker leaves, the other goes on
        await phone.ends(question)
    [call] = stage.calls(question)
    assert theirs.text == call["said"]
    assert call["said"].startswith(mine.text)
    assert (theirs.again, theirs.torn, theirs.resets) == (0, 0, 0)


async def test_one_stops_what_the_other_asked_and_both_are_told(stage: Stage) -> None:
    question = stage.question(FOUR_SECONDS)
    async with device(stage.cloud) as laptop, device(stage.cloud) as phone:
        mine = await laptop.ask(question)
        await laptop.until(lambda: len(mine.text) > 100)
        theirs = Told()
        await phone.resume(question, theirs)
        await phone.stop(question)
        for each in (laptop, phone):
            final = await each.ends(question)
            assert (final["finish"], final["reason"]) == ("stopped", "user")
    assert mine.text == theirs.text


async def test_without_a_turn_the_second_device_gets_the_one_under_way(stage: Stage) -> None:
    question = stage.question(FOUR_SECONDS)
    async with device(stage.cloud) as laptop, device(stage.cloud) as phone:
        mine = await laptop.ask(question)
        await laptop.until(lambda: len(mine.text) > 100)
        theirs = phone.follow(question.turn)
        resumed = await phone.reply(await phone.send("resume", session=question.session, after=0))
        assert (resumed["turn"], resumed["state"]) == (question.turn, "running")
        await phone.ends(question)
        await laptop.ends(question)
    assert mine.text == theirs.text
