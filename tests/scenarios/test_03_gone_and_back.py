"""The connection breaks in mid-answer, or only seems to, and the client comes back later."""

from __future__ import annotations

import asyncio

import pytest

from localcloud.gateway.faults import FaultPlan
from tests.scenarios.device import Told, device
from tests.scenarios.stage import Question, Stage, until

SIX_SECONDS = {"do": "text", "tokens": 300, "rate": 50}


async def test_gone_in_mid_answer_and_back_while_it_goes_on(stage: Stage) -> None:
    question = stage.question(SIX_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 100)
        phone.connection.cut()
        await phone.gone()
    await asyncio.sleep(1.5)  # away
    await finish(stage, question, told, "running")


async def test_gone_in_mid_answer_and_back_after_its_end(stage: Stage) -> None:
    question = stage.question(SIX_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 100)
        phone.connection.cut()
        await phone.gone()
    await stage.stored(question)
    await stage.free(question.session)
    await finish(stage, question, told, "done")


@pytest.mark.parametrize("delivered", [False, True], ids=["withheld", "delivered"])
async def test_a_false_410_detaches_the_client_until_it_resumes_on_the_same_socket(
    stage: Stage, delivered: bool
) -> None:
    question = stage.question(SIX_SECONDS)
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 100)
        stage.cloud.gateway.faults.set(FaultPlan(status=410, deliver=delivered, count=1), phone.connection.id)
        await until(lambda: phone.connection.posts[410])
        seen = phone.connection.posts.total()
        await asyncio.sleep(1.0)
        assert phone.connection.posts.total() == seen, "posts go on to a connection that is gone"

        resumed = await phone.resume(question, told)
        assert (resumed["state"], resumed["turn"]) == ("running", question.turn)
        final = await phone.ends(question)
    check(stage, question, told, final)


async def test_the_client_library_comes_back_by_itself_however_often_it_is_cut(stage: Stage) -> None:
    question = stage.question(SIX_SECONDS)
    cuts = 0
    async with stage.client() as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        async for received in answer:
            if received.type == "text" and len(answer.message.text) > 150 * (cuts + 1) and cuts < 4:
                cuts += 1
                for connection in stage.cloud.gateway.connections:
                    connection.cut()
    assert cuts == 4
    [call] = stage.calls(question)
    assert answer.message.text == call["said"]
    assert answer.message.metadata["finish"] == "stop"


async def finish(stage: Stage, question: Question, told: Told, state: str) -> None:
    """Resume on a new socket, and read to the end."""
    async with device(stage.cloud) as phone:
        resumed = await phone.resume(question, told)
        assert (resumed["type"], resumed["state"]) == ("resumed", state)
        assert resumed["from"] == told.cursor + 1 or told.last
        final = await phone.ends(question)
    check(stage, question, told, final)


def check(stage: Stage, question: Question, told: Told, final: dict[str, object]) -> None:
    """One model call, its text once, and no number twice but those of a post in doubt."""
    [call] = stage.calls(question)
    assert told.text == call["said"]
    assert told.resets == 0
    assert final["finish"] == "stop"
