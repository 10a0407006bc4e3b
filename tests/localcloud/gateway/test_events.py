from __future__ import annotations

import re
from typing import Any

from localcloud.gateway.events import (
    Address,
    Caller,
    Handshake,
    authorizer_event,
    connect_event,
    disconnect_event,
    forwarded,
    message_event,
    mint,
)

ADDRESS = Address("ChatApi", "dev", "127.0.0.1:9000", "us-east-1", "123456789012")
NOW = 1731332746.514
CALLER = Caller("BFaT_fALIAMCKug=", 1731332735.513, "127.0.0.1", "a browser")
HANDSHAKE = Handshake(
    headers=(
        ("Host", "127.0.0.1:8080"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("Sec-WebSocket-Protocol", "thinkaloud.v1, bearer.abc"),
    ),
    query=(("locale", "zh"), ("tag", "one"), ("tag", "two"), ("empty", "")),
)
AUTHORIZER = {"principalId": "lin", "tenant": "demo"}


def context_without_ids(event: dict[str, Any]) -> dict[str, Any]:
    """The request context, its minted ids checked for their form and taken out."""
    context = dict(event["requestContext"])
    assert context["requestId"] == context["extendedRequestId"]
    for name in ("requestId", "extendedRequestId", "messageId"):
        assert re.fullmatch(r"[\w-]{15}=", context.pop(name, "BFaT_fALIAMCKug="))
    return context


COMMON = {
    "requestTime": "11/Nov/2024:13:45:46 +0000",
    "messageDirection": "IN",
    "stage": "dev",
    "connectedAt": 1731332735513,
    "requestTimeEpoch": 1731332746514,
    "identity": {"sourceIp": "127.0.0.1", "userAgent": "a browser"},
    "domainName": "127.0.0.1:9000",
    "connectionId": "BFaT_fALIAMCKug=",
    "apiId": "ChatApi",
}


def test_connect_has_headers_query_maps_and_no_body() -> None:
    event = connect_event(ADDRESS, CALLER, HANDSHAKE, authorizer=AUTHORIZER, now=NOW)
    assert context_without_ids(event) == COMMON | {
        "routeKey": "$connect",
        "eventType": "CONNECT",
        "authorizer": AUTHORIZER,
    }
    del event["requestContext"]
    assert event == {
        "headers": {
            "Host": "127.0.0.1:8080",
            "Cookie": "b=2",
            "Sec-WebSocket-Protocol": "thinkaloud.v1, bearer.abc",
        },
        "multiValueHeaders": {
            "Host": ["127.0.0.1:8080"],
            "Cookie": ["a=1", "b=2"],
            "Sec-WebSocket-Protocol": ["thinkaloud.v1, bearer.abc"],
        },
        "queryStringParameters": {"locale": "zh", "tag": "two", "empty": ""},
        "multiValueQueryStringParameters": {"locale": ["zh"], "tag": ["one", "two"], "empty": [""]},
        "isBase64Encoded": False,
    }


def test_connect_without_a_query_has_no_query_maps() -> None:
    event = connect_event(ADDRESS, CALLER, Handshake((), ()), authorizer=None, now=NOW)
    assert set(event) == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}
    assert "authorizer" not in event["requestContext"]


def test_message_has_an_id_and_a_body_and_no_headers() -> None:
    event = message_event(
        ADDRESS, CALLER, route_key="$default", body="你好", request_id="r" * 15 + "=", authorizer=AUTHORIZER, now=NOW
    )
    assert set(event) == {"requestContext", "body", "isBase64Encoded"}
    assert event["body"] == "你好"
    assert event["isBase64Encoded"] is False
    assert event["requestContext"]["requestId"] == "r" * 15 + "="
    assert "messageId" in event["requestContext"]
    assert context_without_ids(event) == COMMON | {
        "routeKey": "$default",
        "eventType": "MESSAGE",
        "authorizer": AUTHORIZER,
    }


def test_disconnect_says_why_and_has_four_headers() -> None:
    event = disconnect_event(ADDRESS, CALLER, code=1005, reason="no status", authorizer=None, now=NOW)
    assert context_without_ids(event) == COMMON | {
        "routeKey": "$disconnect",
        "eventType": "DISCONNECT",
        "disconnectStatusCode": 1005,
        "disconnectReason": "no status",
    }
    assert set(event["headers"]) == {"Host", "x-api-key", "X-Forwarded-For", "x-restapi"}
    assert event["multiValueHeaders"]["Host"] == ["127.0.0.1:9000"]
    assert event["isBase64Encoded"] is False


def test_an_authorizer_sees_the_whole_handshake_and_its_method_arn() -> None:
    event = authorizer_event(ADDRESS, CALLER, HANDSHAKE, now=NOW)
    assert event["type"] == "REQUEST"
    assert event["methodArn"] == "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/$connect"
    assert event["headers"]["Upgrade"] == "websocket"
    assert event["headers"]["content-length"] == "0"
    assert event["queryStringParameters"]["locale"] == "zh"
    assert event["multiValueQueryStringParameters"]["tag"] == ["one", "two"]
    assert event["stageVariables"] == {}
    assert context_without_ids(event) == COMMON | {"routeKey": "$connect", "eventType": "CONNECT"}
    assert "body" not in event


def test_an_authorizer_gets_empty_query_maps_for_no_query() -> None:
    event = authorizer_event(ADDRESS, CALLER, Handshake((), ()), now=NOW)
    assert event["queryStringParameters"] == {}
    assert event["multiValueQueryStringParameters"] == {}


def test_a_client_without_a_user_agent_has_none_in_its_identity() -> None:
    caller = Caller("BFaT_fALIAMCKug=", NOW, "127.0.0.1", None)
    event = connect_event(ADDRESS, caller, HANDSHAKE, authorizer=None, now=NOW)
    assert event["requestContext"]["identity"] == {"sourceIp": "127.0.0.1"}


def test_forwarding_headers_are_the_gateways_and_not_the_clients() -> None:
    claimed = Handshake((("x-forwarded-for", "1.2.3.4"), ("Host", "h")), ())
    headers = dict(forwarded(claimed, source_ip="127.0.0.1", port=8080, now=NOW).headers)
    trace = headers.pop("X-Amzn-Trace-Id")
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", trace)
    assert headers == {
        "Host": "h",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "8080",
        "X-Forwarded-Proto": "http",
    }


def test_a_header_is_found_whatever_its_case() -> None:
    assert HANDSHAKE.header("cookie") == "b=2"
    assert HANDSHAKE.header("Origin") is None


def test_ids_end_with_an_equals_sign_and_differ() -> None:
    ids = {mint() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{15}=", each) for each in ids)
