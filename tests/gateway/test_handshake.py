"""The two answers to a handshake: the authoriser's policy and `$connect`'s response."""

from __future__ import annotations

import pytest

from tests.builders import principal
from thinkaloud.gateway.events import Handshake
from thinkaloud.gateway.handshake import allow, answer_handshake

ALLOWED = ("https://app.example.com", "http://127.0.0.1:8080")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"


def handshake(
    origin: str | None = "https://app.example.com", subprotocols: tuple[str, ...] = ("thinkaloud.v1",)
) -> Handshake:
    return Handshake(origin, subprotocols, TOKEN, "arn:x")


def test_a_page_of_ours_gets_the_subprotocol_alone() -> None:
    assert answer_handshake(handshake(), ALLOWED) == {
        "statusCode": 200,
        "headers": {"Sec-WebSocket-Protocol": "thinkaloud.v1"},
    }


def test_the_subprotocol_is_chosen_among_several() -> None:
    answer = answer_handshake(handshake(subprotocols=("graphql-ws", "thinkaloud.v1", "mqtt")), ALLOWED)
    assert answer["headers"] == {"Sec-WebSocket-Protocol": "thinkaloud.v1"}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://APP.example.com/",
        "null",
        "",
    ],
)
def test_a_foreign_page_is_refused(origin: str) -> None:
    answer = answer_handshake(handshake(origin), ALLOWED)
    assert answer["statusCode"] == 403
    assert origin in answer["body"]


def test_a_native_client_sends_no_origin() -> None:
    assert answer_handshake(handshake(None), ALLOWED)["statusCode"] == 200


def test_a_client_that_offers_no_subprotocol_gets_none() -> None:
    assert answer_handshake(handshake(subprotocols=()), ALLOWED) == {"statusCode": 200}


def test_a_foreign_subprotocol_is_refused_with_ours() -> None:
    answer = answer_handshake(handshake(subprotocols=("thinkaloud.v2",)), ALLOWED)
    assert answer["statusCode"] == 400
    assert "thinkaloud.v1" in answer["body"]


@pytest.mark.parametrize("origin", ["https://app.example.com", "https://evil.example", None])
@pytest.mark.parametrize("subprotocols", [(), ("thinkaloud.v1",), ("mqtt",)])
def test_no_answer_ever_holds_the_token(origin: str | None, subprotocols: tuple[str, ...]) -> None:
    assert TOKEN not in str(answer_handshake(handshake(origin, subprotocols), ALLOWED))


def test_the_policy_lets_one_principal_into_one_api() -> None:
    policy = allow(principal(expires=1_763_634_600), "arn:aws:execute-api:eu-west-1:123456789012:a1b2/live/$connect")
    assert policy == {
        "principalId": "lin",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": "arn:aws:execute-api:eu-west-1:123456789012:a1b2/live/$connect",
                }
            ],
        },
        "context": {"tenant": "qinghe", "user": "lin", "expires": "1763634600", "scope": ""},
    }
