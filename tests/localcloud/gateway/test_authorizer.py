from __future__ import annotations

import asyncio
from typing import Any

import pytest

from localcloud.gateway.authorizer import authorize, grant
from localcloud.gateway.background import Background
from localcloud.gateway.errors import Refused
from localcloud.gateway.integration import Integrations
from localcloud.gateway.limits import AWS_LIMITS
from localcloud.template.model import Authorizer
from tests.localcloud.gateway.stage import Functions, allows, policy, raises, returns

ARN = "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/$connect"
EVENT = {
    "methodArn": ARN,
    "headers": {"Authorization": "Bearer abc", "X-Empty": ""},
    "queryStringParameters": {"token": "abc"},
    "requestContext": {"identity": {"sourceIp": "127.0.0.1"}},
}


def result(**changes: Any) -> dict[str, Any]:
    return {"principalId": "lin", "policyDocument": policy("Allow", ARN), **changes}


def status(value: Any) -> int:
    with pytest.raises(Refused) as refused:
        grant(value, ARN, AWS_LIMITS.authorizer_bytes)
    return refused.value.status


def test_the_context_is_all_strings_in_later_events() -> None:
    context = {"tenant": "青禾", "expires": 1731332735, "ratio": 0.5, "admin": True, "guest": False}
    assert grant(result(context=context), ARN, 8192) == {
        "principalId": "lin",
        "tenant": "青禾",
        "expires": "1731332735",
        "ratio": "0.5",
        "admin": "true",
        "guest": "false",
    }


def test_a_context_is_optional() -> None:
    assert grant(result(), ARN, 8192) == {"principalId": "lin"}


def test_a_deny_is_403() -> None:
    assert status(result(policyDocument=policy("Deny", ARN))) == 403


def test_a_policy_for_something_else_is_403() -> None:
    assert status(result(policyDocument=policy("Allow", "arn:aws:execute-api:*:*:Other/*"))) == 403


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"statusCode": 401},
        {"principalId": "lin"},
        result(principalId=None),
        result(principalId=""),
        result(policyDocument={"Statement": "yes"}),
        result(context=["tenant"]),
        result(context={"tenant": {"name": "demo"}}),
        result(context={"tenant": ["demo"]}),
        result(context={"tenant": None}),
    ],
    ids=[
        "nothing",
        "a proxy reply",
        "no policy",
        "no principal",
        "empty principal",
        "broken policy",
        "context a list",
        "nested object",
        "nested list",
        "null",
    ],
)
def test_a_result_that_cannot_be_used_is_500(value: Any) -> None:
    assert status(value) == 500


def test_a_result_over_8_kb_is_500_and_one_below_is_not() -> None:
    spare = 8192 - len(str(result(context={"a": ""})).encode())
    assert grant(result(context={"a": "x" * (spare - 50)}), ARN, 8192)["a"]
    assert status(result(context={"a": "x" * (spare + 50)})) == 500
    assert status(result(context={"a": "年" * (spare // 2)})) == 500, "bytes count, not characters"


async def authorized(functions: Functions, *sources: str, limits: Any = AWS_LIMITS) -> dict[str, str]:
    background = Background()
    try:
        return await authorize(Authorizer("authorizer", sources), EVENT, Integrations(functions, background), limits)
    finally:
        await background.stop()


@pytest.mark.parametrize(
    "source",
    [
        "route.request.header.Authorization",
        "route.request.header.authorization",
        "route.request.querystring.token",
        "context.identity.sourceIp",
    ],
)
async def test_an_identity_source_that_is_there_lets_the_authorizer_run(source: str) -> None:
    assert await authorized(Functions(authorizer=allows()), source) == {"principalId": "lin"}


@pytest.mark.parametrize(
    "source",
    [
        "route.request.header.Cookie",
        "route.request.header.X-Empty",
        "route.request.querystring.auth",
        "context.identity.user",
        "context.identity.sourceIp.deeper",
        "stageVariables.key",
    ],
)
async def test_a_missing_identity_source_is_401_and_the_authorizer_is_not_called(source: str) -> None:
    functions = Functions(authorizer=allows())
    with pytest.raises(Refused) as refused:
        await authorized(functions, "route.request.header.Authorization", source)
    assert refused.value.status == 401
    assert functions.events["authorizer"] == []


async def test_unauthorized_raised_is_401() -> None:
    with pytest.raises(Refused) as refused:
        await authorized(Functions(authorizer=raises("Unauthorized")))
    assert refused.value.status == 401


async def test_an_authorizer_that_fails_is_500() -> None:
    with pytest.raises(Refused) as refused:
        await authorized(Functions(authorizer=raises("no such key")))
    assert refused.value.status == 500


async def test_an_authorizer_that_is_late_is_500() -> None:
    functions = Functions(authorizer=lambda event: asyncio.Event().wait())
    with pytest.raises(Refused) as refused:
        await authorized(functions, limits=AWS_LIMITS.scaled(0.0001))
    assert refused.value.status == 500


async def test_no_result_is_cached() -> None:
    functions = Functions(authorizer=allows())
    await authorized(functions)
    functions.handlers["authorizer"] = returns(result(policyDocument=policy("Deny", "*")))
    with pytest.raises(Refused):
        await authorized(functions)
    assert len(functions.events["authorizer"]) == 2


def test_a_context_cannot_change_the_principal() -> None:
    assert grant(result(context={"principalId": "somebody else"}), ARN, 8192) == {"principalId": "lin"}
