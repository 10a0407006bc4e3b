"""The HTTP API as clients and functions see it."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from localcloud.gateway.errors import PortTaken
from localcloud.http.server import AWS_HTTP_LIMITS, HttpGateway, HttpLimits
from localcloud.template.model import Cors, HttpApi, HttpAuthorizer, HttpRoute
from tests.localcloud.gateway.stage import Functions, policy

PAGE = "http://127.0.0.1:8080"
CORS = Cors(
    origins=(PAGE, "https://*.example.com"),
    methods=("GET", "PUT"),
    headers=("authorization",),
    exposed=("x-total",),
    max_age_s=600,
)


def authorizer(*, simple: bool = True, ttl_s: float = 0, sources: tuple[str, ...] = ("$request.header.Authorization",)):
    return HttpAuthorizer("Token", "authorizer", sources, simple, ttl_s)


def api(*keys: str, gate: HttpAuthorizer | None = None, cors: Cors | None = None, stage: str = "$default") -> HttpApi:
    routes = {key: HttpRoute(key, "api", gate) for key in keys or ("ANY /{proxy+}",)}
    return HttpApi("HttpApi", stage, routes, cors)


@dataclass
class Play:
    gateway: HttpGateway
    functions: Functions
    session: aiohttp.ClientSession

    async def call(self, path: str = "/", method: str = "GET", **options: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with names in lower case, and body of a response."""
        async with self.session.request(method, self.gateway.url + path, **options) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, headers, await answer.read()

    async def said(self, path: str = "/x", method: str = "GET", **options: Any) -> tuple[int, Any]:
        """Status and JSON of a response."""
        status, _, body = await self.call(path, method, **options)
        return status, json.loads(body)


@asynccontextmanager
async def playing(
    of: HttpApi, *, limits: HttpLimits = AWS_HTTP_LIMITS, clock: Callable[[], float] = time.time, **handlers: Any
) -> AsyncIterator[Play]:
    functions = Functions(**{"api": lambda event: {"method": event["requestContext"]["http"]["method"]}, **handlers})
    async with HttpGateway(of, functions, limits=limits, clock=clock) as gateway, aiohttp.ClientSession() as session:
        yield Play(gateway, functions, session)


def says(payload: Any) -> Any:
    return lambda event: payload


async def test_a_request_reaches_its_function_and_the_answer_comes_back():
    reply = {"statusCode": 201, "headers": {"X-Made": "yes"}, "cookies": ["a=1", "b=2"], "body": "made"}
    async with playing(api("PUT /documents/{id}"), api=says(reply)) as play:
        url = f"{play.gateway.url}/documents/%E5%81%87?x=1"
        async with play.session.put(url, data=b"\x00", headers={"Cookie": "c=3"}) as answer:
            assert (answer.status, await answer.text(), answer.headers["X-Made"]) == (201, "made", "yes")
            assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]
            assert answer.headers["apigw-requestid"]
        [event] = play.functions.events["api"]
        assert (event["rawPath"], event["pathParameters"], event["cookies"]) == ("/documents/假", {"id": "假"}, ["c=3"])
        assert (event["body"], event["isBase64Encoded"]) == ("AA==", True)
        assert event["headers"]["x-forwarded-proto"] == "http"
        assert event["headers"]["host"] == play.gateway.url.removeprefix("http://")


async def test_where_nothing_is():
    async with playing(api("GET /documents")) as play:
        assert await play.said("/nothing") == (404, {"message": "Not Found"})
        assert await play.said("/documents", "POST") == (404, {"message": "Not Found"})
        assert play.functions.events["api"] == []


async def test_a_stage_is_a_part_of_the_path():
    async with playing(api("GET /documents", stage="dev")) as play:
        assert play.gateway.url.endswith("/dev")
        assert (await play.said("/documents"))[0] == 200
        assert play.functions.events["api"][0]["rawPath"] == "/dev/documents"
        async with play.session.get(play.gateway.url.removesuffix("/dev") + "/documents") as answer:
            assert answer.status == 404


async def test_a_function_that_fails_or_answers_nonsense():
    def fails(event: Any) -> Any:
        raise RuntimeError("no")

    async with playing(api(), api=fails) as play:
        assert await play.said() == (500, {"message": "Internal Server Error"})
        play.functions.handlers["api"] = says({"statusCode": "nonsense"})
        assert await play.said() == (500, {"message": "Internal Server Error"})


async def test_one_that_takes_too_long():
    over = asyncio.Event()

    async def waits(event: Any) -> Any:
        await over.wait()

    async with playing(api(), api=waits, limits=HttpLimits(integration_s=0.05)) as play:
        assert await play.said() == (503, {"message": "Service Unavailable"})
        over.set()


async def test_a_body_that_is_too_large_is_not_taken_in():
    async with playing(api(), limits=HttpLimits(payload_bytes=1000)) as play:
        assert (await play.said(method="POST", data=b"x" * 1000))[0] == 200
        assert await play.said(method="POST", data=b"x" * 100_000) == (413, {"message": "Request Entity Too Large"})

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 1000

        assert (await play.said(method="POST", data=endless()))[0] == 413
        assert len(play.functions.events["api"]) == 1


async def test_one_that_lambda_would_not_take():
    async with playing(api()) as play:
        status, said = await play.said(method="POST", data=io.BytesIO(bytes(6_000_000)))
        assert (status, said) == (413, {"message": "Request Entity Too Large"})
        assert play.functions.events["api"] == []


async def test_who_says_nothing_of_himself_is_not_even_asked_about():
    async with playing(api(gate=authorizer()), authorizer=says({"isAuthorized": True})) as play:
        assert await play.said() == (401, {"message": "Unauthorized"})
        assert await play.said(headers={"Authorization": ""}) == (401, {"message": "Unauthorized"})
        assert play.functions.events["authorizer"] == []


async def test_who_may_call_comes_with_what_the_authorizer_said():
    answer = {"isAuthorized": True, "context": {"tenant": "青禾", "scopes": ["a", "b"], "limit": 3}}
    async with playing(api(gate=authorizer()), authorizer=says(answer)) as play:
        assert (await play.said(headers={"Authorization": "Bearer x"}))[0] == 200
        [event] = play.functions.events["api"]
        assert event["requestContext"]["authorizer"] == {"lambda": answer["context"]}
        [asked] = play.functions.events["authorizer"]
        assert asked["identitySource"] == ["Bearer x"]


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        ({"isAuthorized": False}, 403, "Forbidden"),
        ({"isAuthorized": "yes"}, 500, "Internal Server Error"),
        ({}, 500, "Internal Server Error"),
        (None, 500, "Internal Server Error"),
    ],
)
async def test_who_may_not(answer: Any, status: int, message: str):
    async with playing(api(gate=authorizer()), authorizer=says(answer)) as play:
        assert await play.said(headers={"Authorization": "Bearer x"}) == (status, {"message": message})
        assert play.functions.events["api"] == []


async def test_an_authorizer_that_fails():
    def fails(event: Any) -> Any:
        raise RuntimeError("Unauthorized")

    async with playing(api(gate=authorizer()), authorizer=fails) as play:
        assert await play.said(headers={"Authorization": "x"}) == (500, {"message": "Internal Server Error"})


async def test_an_authorizer_may_answer_with_a_policy():
    allows = {"principalId": "lin", "policyDocument": policy("Allow", "*/GET/*"), "context": {"a": "b"}}
    async with playing(api(gate=authorizer(simple=False)), authorizer=says(allows)) as play:
        assert (await play.said(headers={"Authorization": "x"}))[0] == 200
        assert await play.said(method="PUT", headers={"Authorization": "x"}) == (403, {"message": "Forbidden"})
        assert play.functions.events["api"][0]["requestContext"]["authorizer"] == {"lambda": {"a": "b"}}


async def test_an_answer_holds_for_a_while_and_for_one_identity():
    now = [1000.0]
    async with playing(
        api(gate=authorizer(ttl_s=300)), clock=lambda: now[0], authorizer=says({"isAuthorized": True})
    ) as play:
        for path in ("/a", "/b"):
            await play.said(path, headers={"Authorization": "x"})
        assert len(play.functions.events["authorizer"]) == 1
        await play.said(headers={"Authorization": "y"})
        assert len(play.functions.events["authorizer"]) == 2
        now[0] += 300
        await play.said(headers={"Authorization": "x"})
        assert len(play.functions.events["authorizer"]) == 3


async def test_identity_comes_from_queries_and_contexts_too():
    sources = ("$request.querystring.token", "$context.http.method", "$stageVariables.none")
    async with playing(api(gate=authorizer(sources=sources[:2])), authorizer=says({"isAuthorized": True})) as play:
        assert (await play.said("/x?token=t"))[0] == 200
        assert play.functions.events["authorizer"][0]["identitySource"] == ["t", "GET"]
    async with playing(api(gate=authorizer(sources=sources)), authorizer=says({"isAuthorized": True})) as play:
        assert (await play.said("/x?token=t"))[0] == 401


async def test_a_page_may_ask_before_it_calls():
    asks = {"Origin": PAGE, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    async with playing(api("GET /x", "PUT /x", gate=authorizer(), cors=CORS)) as play:
        status, headers, _ = await play.call("/x", "OPTIONS", headers=asks)
        assert status == 204
        assert headers["access-control-allow-origin"] == PAGE
        assert headers["access-control-allow-methods"] == "GET,PUT"
        assert headers["access-control-allow-headers"] == "authorization"
        assert headers["access-control-max-age"] == "600"
        status, headers, _ = await play.call("/x", "OPTIONS", headers={**asks, "Origin": "http://evil.example"})
        assert (status, [name for name in headers if name.startswith("access-control")]) == (204, [])
        assert play.functions.events["authorizer"] == []


async def test_a_page_reads_answers_and_refusals_alike():
    says_its_own = says({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}})
    async with playing(
        api("GET /x", gate=authorizer(), cors=CORS), api=says_its_own, authorizer=says({"isAuthorized": True})
    ) as play:
        for token, expected in ((None, 401), ("x", 200)):
            sent = {"Origin": "https://app.example.com", **({"Authorization": token} if token else {})}
            status, headers, _ = await play.call("/x", headers=sent)
            assert (status, headers["access-control-allow-origin"]) == (expected, "https://app.example.com")
            assert headers["access-control-expose-headers"] == "x-total"
        _, headers, _ = await play.call("/x", headers={"Origin": "http://evil.example", "Authorization": "x"})
        assert "access-control-allow-origin" not in headers


async def test_a_route_that_takes_options_gets_them():
    """As with the service: an ANY route with an authorizer asks a page's preflight for a token."""
    async with playing(api(gate=authorizer(), cors=CORS)) as play:
        assert (await play.call("/x", "OPTIONS", headers={"Origin": PAGE}))[0] == 401


async def test_without_cors_functions_speak_for_themselves():
    own = says({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}})
    async with playing(api(), api=own) as play:
        _, headers, _ = await play.call("/x", headers={"Origin": "http://evil.example"})
        assert headers["access-control-allow-origin"] == "*"


async def test_a_taken_port_is_said():
    async with playing(api()) as play:
        port = int(play.gateway.url.rpartition(":")[2])
        with pytest.raises(PortTaken):
            await HttpGateway(api(), Functions()).start(port=port)
