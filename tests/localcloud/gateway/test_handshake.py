"""Opening a socket, over a real connection: what runs before the upgrade, and the statuses a client gets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from websockets.exceptions import InvalidStatus

from localcloud.gateway.limits import AWS_LIMITS
from tests.localcloud.gateway.stage import (
    Functions,
    Play,
    allows,
    chat_api,
    connection_id,
    playing,
    policy,
    raises,
    received,
    returns,
    with_authorizer,
)

if TYPE_CHECKING:
    from websockets.http11 import Response


async def refused(play: Play, **options: Any) -> Response:
    """The response to a handshake that must fail."""
    with pytest.raises(InvalidStatus) as error:
        async with play.client(**options):
            pass
    return error.value.response


def body_of(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.body)
    return body


async def test_the_upgrade_waits_for_connect() -> None:
    let_in = asyncio.Event()

    async def connect(event: dict[str, Any]) -> Any:
        await let_in.wait()
        return {"statusCode": 200}

    async with playing(functions=Functions(connect=connect)) as play:
        opening = asyncio.ensure_future(play.client().__aenter__())
        await play.functions.event("connect")
        assert not opening.done()
        let_in.set()
        async with asyncio.timeout(10):
            client = await opening
        await client.close()


@pytest.mark.parametrize("status", [200, 204, 299, "200"])
async def test_any_2xx_of_connect_opens(status: Any) -> None:
    async with playing(functions=Functions(connect=returns({"statusCode": status}))) as play, play.client():
        pass


@pytest.mark.parametrize("status", [302, 400, 401, 403, 429, 500, 503, 599])
async def test_another_status_of_connect_is_the_handshakes(status: int) -> None:
    async with playing(functions=Functions(connect=returns({"statusCode": status}))) as play:
        response = await refused(play)
        assert response.status_code == status
        assert set(body_of(response)) == {"message", "connectionId", "requestId"}
        assert len(play.gateway.connections) == 0
        assert play.functions.events["disconnect"] == []


@pytest.mark.parametrize(
    "connect",
    [
        raises("no table"),
        returns(None),
        returns({}),
        returns({"statusCode": "ok"}),
        returns({"statusCode": 99}),
        returns({"statusCode": True}),
        returns({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "a\r\nSet-Cookie: b"}}),
    ],
    ids=["raised", "nothing", "no status", "a word", "99", "a boolean", "a header with a line break"],
)
async def test_a_connect_that_raises_or_returns_nonsense_is_502(connect: Any) -> None:
    async with playing(functions=Functions(connect=connect)) as play:
        response = await refused(play)
        assert response.status_code == 502
        assert body_of(response)["message"] == "Internal server error"


async def test_a_connect_that_is_late_is_504() -> None:
    functions = Functions(connect=lambda event: asyncio.Event().wait())
    async with playing(functions=functions, limits=AWS_LIMITS.scaled(0.001)) as play:
        response = await refused(play)
        assert response.status_code == 504
        assert body_of(response)["message"] == "Endpoint request timed out"


async def test_an_api_without_a_connect_route_opens() -> None:
    async with playing(chat_api(keys=["$default"])) as play, play.client() as client:
        assert client.response is not None
        assert client.response.status_code == 101


async def test_the_subprotocol_is_exactly_what_connect_returned() -> None:
    reply = {"statusCode": 200, "headers": {"sec-websocket-protocol": "thinkaloud.v1"}}
    offered: Any = ["thinkaloud.v1", "bearer.abc"]
    async with (
        playing(functions=Functions(connect=returns(reply))) as play,
        play.client(subprotocols=offered) as client,
    ):
        assert client.subprotocol == "thinkaloud.v1"
        headers = (await play.functions.event("connect"))["headers"]
        assert headers["Sec-WebSocket-Protocol"] == "thinkaloud.v1, bearer.abc"


async def test_a_subprotocol_that_connect_does_not_echo_is_not_in_the_response() -> None:
    offered: Any = ["thinkaloud.v1"]
    async with playing() as play, play.client(subprotocols=offered) as client:
        assert client.response is not None
        assert "Sec-WebSocket-Protocol" not in client.response.headers


async def test_compression_is_never_negotiated() -> None:
    async with playing() as play, play.client() as client:
        assert client.request is not None
        assert client.response is not None
        assert "permessage-deflate" in client.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in client.response.headers


async def test_connect_sees_the_clients_headers_and_query() -> None:
    async with playing() as play:
        url = f"{play.gateway.ws_url}/?locale=zh&text=%E4%BD%A0%E5%A5%BD"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, headers={"Origin": "http://page"}):
            event = await play.functions.event("connect")
        assert event["headers"]["Origin"] == "http://page"
        assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
        assert event["queryStringParameters"] == {"locale": "zh", "text": "你好"}
        assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
        assert event["requestContext"]["identity"]["userAgent"] == event["headers"]["User-Agent"]
        assert event["requestContext"]["apiId"] == "ChatApi"


async def test_the_authorizer_runs_before_connect_and_its_context_is_on_every_later_event() -> None:
    functions = Functions(authorizer=allows({"tenant": "demo", "expires": 1731332735}))
    async with playing(with_authorizer(), functions=functions) as play:
        async with play.client() as client:
            await client.send("hello")
            await play.functions.event("default")
        await play.functions.event("disconnect")
        asked = functions.events["authorizer"][0]
        assert asked["methodArn"] == "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/$connect"
        for name in ("connect", "default", "disconnect"):
            context = functions.events[name][0]["requestContext"]
            assert context["authorizer"] == {"principalId": "lin", "tenant": "demo", "expires": "1731332735"}
            assert context["connectionId"] == asked["requestContext"]["connectionId"]


async def test_a_missing_identity_source_is_401_and_nothing_runs() -> None:
    functions = Functions(authorizer=allows())
    async with playing(with_authorizer("route.request.header.Authorization"), functions=functions) as play:
        response = await refused(play)
        assert response.status_code == 401
        assert body_of(response)["message"] == "Unauthorized"
        assert response.headers["x-amzn-ErrorType"] == "UnauthorizedException"
        assert functions.events == {}
        async with play.client(additional_headers={"Authorization": "Bearer abc"}):
            pass


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        (raises("Unauthorized"), 401),
        (lambda event: {"principalId": "lin", "policyDocument": policy("Deny", event["methodArn"])}, 403),
        (raises("the key server is down"), 500),
        (returns({"isAuthorized": True}), 500),
        (allows({"roles": ["a", "b"]}), 500),
        (allows({"much": "x" * 9000}), 500),
    ],
    ids=["Unauthorized", "Deny", "raised", "no policy", "context not flat", "over 8 KB"],
)
async def test_an_authorizer_that_does_not_allow_keeps_connect_from_running(authorizer: Any, status: int) -> None:
    functions = Functions(authorizer=authorizer)
    async with playing(with_authorizer(), functions=functions) as play:
        assert (await refused(play)).status_code == status
        assert functions.events["connect"] == []


async def test_a_socket_on_another_path_is_403() -> None:
    async with playing() as play, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await session.ws_connect(f"{play.gateway.page_url}prod")
        assert error.value.status == 403
        assert play.functions.events == {}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 426),
        ({"Connection": "Upgrade", "Upgrade": "websocket"}, 400),
        (
            {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "7",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
            400,
        ),
    ],
    ids=["a plain GET", "no key", "an old version"],
)
async def test_a_request_that_cannot_become_a_socket_costs_no_invocation(headers: dict[str, str], status: int) -> None:
    async with playing() as play, aiohttp.ClientSession() as session:
        async with session.get(play.gateway.ws_url.replace("ws:", "http:"), headers=headers) as response:
            assert response.status == status
        assert play.functions.events == {}


async def test_a_client_that_leaves_during_connect_is_not_left_open() -> None:
    let_in = asyncio.Event()

    async def connect(event: dict[str, Any]) -> Any:
        await let_in.wait()
        return {"statusCode": 200}

    async with playing(functions=Functions(connect=connect)) as play:
        opening = asyncio.ensure_future(play.client().__aenter__())
        await play.functions.event("connect")
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        # Another client's round trip: by then the gateway has seen the first one leave.
        play.functions.handlers["connect"] = returns({"statusCode": 200})
        async with play.client() as client:
            await client.ping()
            let_in.set()
            event = await play.functions.event("disconnect")
            assert event["requestContext"]["connectionId"] == await connection_id(play)
            assert event["requestContext"]["disconnectStatusCode"] == 1006
            assert [each.id for each in play.gateway.connections] == [await connection_id(play, 2)]


async def test_a_post_made_right_after_connect_returned_is_delivered() -> None:
    async with playing() as play, play.client() as client:
        await play.post(await connection_id(play), b"welcome")
        assert await received(client) == "welcome"
