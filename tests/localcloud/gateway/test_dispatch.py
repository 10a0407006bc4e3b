"""Messages of an open socket: their routes, their invocations, and the frames the gateway itself sends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from localcloud.gateway.limits import AWS_LIMITS
from tests.localcloud.gateway.stage import (
    Functions,
    chat_api,
    connection_id,
    ok,
    playing,
    raises,
    received,
    returns,
)


async def test_the_action_selects_the_route() -> None:
    api = chat_api(keys=["$connect", "$default", "$disconnect", "chat"])
    async with playing(api) as play, play.client() as client:
        await client.send('{"action": "chat", "text": "年假"}')
        event = await play.functions.event("chat")
        assert event["requestContext"]["routeKey"] == "chat"
        assert event["body"] == '{"action": "chat", "text": "年假"}'
        await client.send("not json")
        assert (await play.functions.event("default"))["requestContext"]["routeKey"] == "$default"


async def test_without_a_default_route_the_client_is_told_forbidden() -> None:
    async with playing(chat_api(keys=["$connect", "chat"])) as play, play.client() as client:
        await client.send('{"action": "other"}')
        frame = json.loads(await received(client))
        assert list(frame) == ["message", "connectionId", "requestId"]
        assert frame["message"] == "Forbidden"
        assert frame["connectionId"] == await connection_id(play)


async def test_two_messages_of_a_connection_run_at_once_and_may_finish_in_any_order() -> None:
    second_done = asyncio.Event()

    async def default(event: dict[str, Any]) -> Any:
        if event["body"] == "first":
            await second_done.wait()
        else:
            second_done.set()
        return {"statusCode": 200, "body": event["body"]}

    api = chat_api(two_way=["$default"])
    async with playing(api, functions=Functions(default=default)) as play, play.client() as client:
        await client.send("first")
        await client.send("second")
        assert {await received(client), await received(client)} == {"first", "second"}


@pytest.mark.parametrize(
    "handler",
    [raises("out of tokens"), returns(None), returns({"ok": True}), returns({"statusCode": 200, "body": {"a": 1}})],
    ids=["raised", "nothing", "no status", "a body that is no string"],
)
async def test_a_failed_integration_is_told_and_the_socket_stays_open(handler: Any) -> None:
    async with playing(functions=Functions(default=handler)) as play, play.client() as client:
        await client.send("hello")
        frame = json.loads(await received(client))
        request_id = (await play.functions.event("default"))["requestContext"]["requestId"]
        assert frame == {
            "message": "Internal server error",
            "connectionId": await connection_id(play),
            "requestId": request_id,
        }
        play.functions.handlers["default"] = ok
        await client.send("again")
        await play.functions.event("default", 2)


async def test_an_integration_over_its_time_is_told_and_the_function_runs_on() -> None:
    goes_on, finished = asyncio.Event(), asyncio.Event()

    async def default(event: dict[str, Any]) -> Any:
        await goes_on.wait()
        finished.set()
        return {"statusCode": 200}

    async with (
        playing(functions=Functions(default=default), limits=AWS_LIMITS.scaled(0.002)) as play,
        play.client() as client,
    ):
        await client.send("a long question")
        frame = json.loads(await received(client))
        assert frame["message"] == "Endpoint request timed out"
        assert frame["connectionId"] == await connection_id(play)
        assert not finished.is_set()
        goes_on.set()
        async with asyncio.timeout(10):
            await finished.wait()


async def test_a_routes_own_shorter_time_out_counts() -> None:
    functions = Functions(default=lambda event: asyncio.Event().wait())
    async with playing(chat_api(timeout_s=0.05), functions=functions) as play, play.client() as client:
        await client.send("hello")
        assert "timed out" in await received(client)


@pytest.mark.parametrize("status", [201, 400, 500])
async def test_another_status_than_200_has_no_effect_on_a_one_way_route(status: int) -> None:
    handler = returns({"statusCode": status, "body": "no"})
    async with playing(functions=Functions(default=handler)) as play, play.client() as client:
        await client.send("hello")
        await play.functions.event("default")
        await play.post(await connection_id(play), b"next")
        assert await received(client) == "next"


async def test_a_returned_body_reaches_the_client_only_where_the_route_is_two_way() -> None:
    handler = returns({"statusCode": 200, "body": "你好"})
    api = chat_api(keys=["$connect", "$default", "chat"], two_way=["chat"])
    async with playing(api, functions=Functions(default=handler, chat=handler)) as play, play.client() as client:
        await client.send("one way")
        await play.functions.event("default")
        await client.send('{"action": "chat"}')
        assert await received(client) == "你好"
        await play.post(await connection_id(play), b"nothing came between")
        assert await received(client) == "nothing came between"


async def test_a_two_way_route_may_return_no_body() -> None:
    async with playing(chat_api(two_way=["$default"])) as play, play.client() as client:
        await client.send("hello")
        await play.functions.event("default")
        await play.post(await connection_id(play), b"next")
        assert await received(client) == "next"


async def test_an_invoker_that_breaks_is_a_failed_integration() -> None:
    functions = Functions()
    del functions.handlers["default"]
    async with playing(functions=functions) as play, play.client() as client:
        await client.send("hello")
        assert json.loads(await received(client))["message"] == "Internal server error"


async def test_a_frame_for_a_client_that_has_left_is_dropped() -> None:
    answer = asyncio.Event()

    async def default(event: dict[str, Any]) -> Any:
        await answer.wait()
        raise RuntimeError("too late")

    async with playing(functions=Functions(default=default)) as play:
        async with play.client() as client:
            await client.send("hello")
            await play.functions.event("default")
        await play.functions.event("disconnect")
        answer.set()
        async with play.client():
            pass
