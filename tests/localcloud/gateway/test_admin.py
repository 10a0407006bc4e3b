"""The gateway's own HTTP API, as a curious user or a test in another process calls it."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from botocore.exceptions import ClientError

from localcloud.gateway.faults import FaultPlan
from tests.localcloud.gateway.stage import (
    Functions,
    Play,
    allows,
    closed,
    connection_id,
    disconnect,
    playing,
    with_authorizer,
)


async def call(play: Play, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and decoded body of an admin request; `body` is sent as it is if it is text."""
    data = body if isinstance(body, str | None) else json.dumps(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{play.gateway.admin_url}/admin/{path}", data=data) as response,
    ):
        text = await response.text()
        return response.status, json.loads(text) if text else None


async def test_connections_are_listed_with_what_happened_on_them() -> None:
    functions = Functions(authorizer=allows())
    async with (
        playing(with_authorizer(), functions=functions) as play,
        play.client(user_agent_header="a browser") as client,
    ):
        target = await connection_id(play)
        await client.send("hello")
        await functions.event("default")
        await play.post(target)
        play.gateway.faults.set(FaultPlan(status=429, count=1))
        with pytest.raises(ClientError):
            await play.post(target)
        status, listed = await call(play, "GET", "connections")
    assert status == 200
    (connection,) = listed["connections"]
    assert connection.pop("connectedAt") <= connection.pop("lastActiveAt")
    assert connection == {
        "id": target,
        "principal": "lin",
        "sourceIp": "127.0.0.1",
        "userAgent": "a browser",
        "messages": 1,
        "posts": {"200": 1, "429": 1},
    }
    assert listed["posts"] == {"200": 1, "429": 1}


async def test_posts_to_gone_connections_are_counted_too() -> None:
    async with playing() as play:
        with pytest.raises(ClientError):
            await play.post("BFaT_fALIAMCKug=")
        assert (await call(play, "GET", "connections"))[1] == {"connections": [], "posts": {"410": 1}}


async def test_a_plan_is_put_shown_and_taken_back() -> None:
    async with playing() as play:
        assert await call(play, "GET", "faults") == (200, {"plan": None})
        status, answer = await call(play, "PUT", "faults", {"status": 429, "probability": 0.3, "seed": 7})
        assert status == 200
        assert answer["plan"] == (await call(play, "GET", "faults"))[1]["plan"]
        assert play.gateway.faults.get() == FaultPlan(status=429, probability=0.3, seed=7)
        assert await call(play, "DELETE", "faults") == (204, None)
        assert play.gateway.faults.get() is None


async def test_a_plan_may_be_for_one_connection() -> None:
    async with playing() as play, play.client():
        target = await connection_id(play)
        await call(play, "PUT", "faults", {"delay_ms": 5})
        status, _ = await call(play, "PUT", f"faults/{target}", {"status": 410, "count": 1})
        assert status == 200
        assert play.gateway.faults.get(target) == FaultPlan(status=410, count=1)
        assert (await call(play, "GET", f"faults/{target.replace('=', '%3D')}"))[1]["plan"]["status"] == 410
        assert (await call(play, "DELETE", f"faults/{target}"))[0] == 204
        assert play.gateway.faults.get(target) is None
        assert play.gateway.faults.get() == FaultPlan(delay_ms=5)


async def test_deleting_without_a_connection_takes_back_every_plan() -> None:
    async with playing() as play, play.client():
        target = await connection_id(play)
        play.gateway.faults.set(FaultPlan(drop=True), target)
        await call(play, "DELETE", "faults")
        assert play.gateway.faults.get(target) is None


async def test_cutting_a_connection_ends_it_without_a_close_frame() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        assert await call(play, "POST", f"connections/{target}/cut") == (204, None)
        assert (await closed(client))[0] == 1006
        assert (await disconnect(play))[0] == 1006


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "connections/nobody/cut"),
        ("PUT", "faults/nobody"),
        ("GET", "faults/nobody"),
        ("DELETE", "faults/nobody"),
    ],
)
async def test_an_unknown_connection_is_a_typed_404(method: str, path: str) -> None:
    async with playing() as play:
        status, answer = await call(play, method, path, {"drop": True})
        assert status == 404
        assert answer == {
            "error": {"code": "unknown_connection", "message": "No connection with the id nobody is open."}
        }


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "Input should be"),
        ({}, "the plan does nothing"),
        ({"status": 200}, "status: Input should be 403, 410"),
        ({"status": 429, "chance": 0.3}, "chance: "),
        ({"status": 429, "probability": 2}, "probability: Input should be less than or equal to 1."),
    ],
)
async def test_a_plan_that_makes_no_sense_is_a_typed_400_with_one_sentence(body: Any, complaint: str) -> None:
    async with playing() as play:
        status, answer = await call(play, "PUT", "faults", body)
        assert status == 400
        assert answer["error"]["code"] == "invalid_plan"
        assert complaint in answer["error"]["message"]
        assert answer["error"]["message"].endswith(".")
        assert "\n" not in answer["error"]["message"]
        assert play.gateway.faults.get() is None
