"""A tenant's two-hour day: connections that the gateway ends, tokens that run out, `$disconnect`s that never come.

A connection lasts seven seconds in place of two hours.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from localcloud.gateway.faults import FaultPlan
from localcloud.gateway.limits import AWS_LIMITS
from tests.scenarios.device import device
from tests.scenarios.stage import CLIENT_LIMITS, Stage, opened, until
from thinkaloud.client import Client, HandshakeRefused
from thinkaloud.identity.principal import Principal
from thinkaloud.state.records import Connection

LIFE = 7.0
MOST = 3
#: Ids of the gateway's form that it never gave out.
GONE = ("GoneConnection0=", "GoneConnection1=", "GoneConnection2=")


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    limits = replace(AWS_LIMITS, life_s=LIFE)
    state = tmp_path_factory.mktemp("day")
    async with opened(state, {"MAX_CONNECTIONS": str(MOST)}, limits=limits) as stage:
        yield stage


async def test_an_answer_goes_on_over_forced_closes_and_each_time_with_a_new_token(stage: Stage) -> None:
    handed_out = []

    async def sign_in() -> str:
        handed_out.append(stage.cloud.token())
        return handed_out[-1]

    question = stage.question({"do": "text", "tokens": 200, "rate": 12})  # 17 s
    async with Client(stage.cloud.ws_url, sign_in, limits=CLIENT_LIMITS) as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        async for _ in answer:
            pass
    assert len(handed_out) >= 3
    [call] = stage.calls(question)
    assert answer.message.text == call["said"]
    assert answer.message.metadata["finish"] == "stop"
    await nothing_leaks(stage)


async def test_a_token_that_ran_out_is_refused_until_a_newer_one_of_the_same_user_comes(stage: Stage) -> None:
    question = stage.question({"do": "text", "text": "Fourteen days."})
    token = stage.cloud.token(user="lin", seconds=2)
    async with device(stage.cloud, token) as phone:
        await until(lambda: expired(token), 5)
        await phone.ask(question)
        refused = await phone.hears(lambda frame: frame["type"] == "error")
        assert refused["code"] == "unauthorized"

        wrong = await phone.reply(await phone.send("auth", token=stage.cloud.token(user="mei")))
        assert (wrong["type"], wrong["code"]) == ("error", "wrong_user")
        taken = await phone.reply(await phone.send("auth", token=stage.cloud.token(user="lin")))
        assert taken["type"] == "notice"
        await phone.ask(question)
        assert (await phone.ends(question))["finish"] == "stop"
    await nothing_leaks(stage)


async def test_a_revoked_user_is_refused_at_the_door(stage: Stage) -> None:
    """Whoever issues the tokens issues no more: what the client has left is an old one."""
    old = stage.cloud.token(user="revoked", seconds=-60)
    with pytest.raises(InvalidStatus) as refusal:
        async with device(stage.cloud, old):
            pass
    assert refusal.value.response.status_code == 401

    valid = [stage.cloud.token(user="revoked")]

    async def sign_in() -> str:
        return valid.pop() if valid else old

    question = stage.question({"do": "text", "tokens": 200, "rate": 12})
    async with Client(stage.cloud.ws_url, sign_in, limits=CLIENT_LIMITS) as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        with pytest.raises(HandshakeRefused) as told:
            async for received in answer:
                if received.type == "text":
                    for connection in stage.cloud.gateway.connections:
                        connection.cut()
    assert told.value.status == 401
    await nothing_leaks(stage)


async def test_seats_whose_disconnect_never_came_are_swept_when_they_are_needed(stage: Stage) -> None:
    an_hour_ago = int(time.time()) - 3_600
    principal = Principal("demo", "wei", an_hour_ago + 3_600)
    for connection in GONE:
        assert stage.connections.put(Connection(connection, principal, an_hour_ago, an_hour_ago + 7_800), MOST) == ()
    async with device(stage.cloud, stage.cloud.token(user="wei")) as phone:
        assert (await phone.reply(await phone.send("ping")))["type"] == "pong"
        assert {stage.connections.get(gone) for gone in GONE} == {None}
        assert stage.connections.get(phone.connection.id) is not None
    await nothing_leaks(stage)


async def test_whoever_answers_410_gives_its_seat_back_at_once(stage: Stage) -> None:
    question = stage.question({"do": "text", "tokens": 60, "rate": 20})
    async with device(stage.cloud, stage.cloud.token(user="mei")) as phone:
        told = await phone.ask(question)
        await phone.until(lambda: len(told.text) > 10)
        stage.cloud.gateway.faults.set(FaultPlan(status=410, count=1), phone.connection.id)
        await until(lambda: stage.connections.get(phone.connection.id) is None)
        assert [item["seats"] for item in stage.items() if "seats" in item] == []
        await phone.resume(question, told)
        assert (await phone.ends(question))["finish"] == "stop", "a false one costs a resume"
    await nothing_leaks(stage)


async def test_one_connection_too_many_is_turned_away_until_another_is_closed(stage: Stage) -> None:
    token = stage.cloud.token(user="fang")
    async with device(stage.cloud, token), device(stage.cloud, token):
        async with device(stage.cloud, token):
            with pytest.raises(InvalidStatus) as refusal:
                async with device(stage.cloud, token):
                    pass
            assert refusal.value.response.status_code == 429
        await until(lambda: len(connections(stage)) == MOST - 1)
        async with device(stage.cloud, token) as phone:
            assert (await phone.reply(await phone.send("ping")))["type"] == "pong"
    await nothing_leaks(stage)


def connections(stage: Stage) -> list[str]:
    """The connections that the table knows."""
    keys = [item["pk"]["S"] for item in stage.items()]
    return [key for key in keys if key.startswith("CONNECTION#")]


async def nothing_leaks(stage: Stage) -> None:
    """Every connection that was closed is forgotten, and its seat is free."""
    await until(lambda: not connections(stage))
    seats = [item["seats"] for item in stage.items() if "seats" in item]
    assert seats == []


def expired(token: str) -> bool:
    """Whether the token has run out."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return bool(claims["exp"] < time.time())
