"""Events as AWS sends them, and as emulators do, which leave fields out."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from thinkaloud.errors import IdentityError
from thinkaloud.gateway.events import (
    Disconnect,
    Endpoint,
    Message,
    read_connect,
    read_disconnect,
    read_handshake,
    read_message,
)
from thinkaloud.identity.principal import Principal

EVENTS = Path(__file__).parents[2] / "events"
LIN = Principal("qinghe", "lin", 4_102_444_800)


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def handshake(**headers: str) -> dict[str, Any]:
    """An authoriser's event with these headers, `_` standing for `-`."""
    return {"methodArn": "arn:x", "headers": {name.replace("_", "-"): value for name, value in headers.items()}}


# ---- as AWS sends them -----------------------------------------------------------------------------------------------


def test_a_browsers_handshake() -> None:
    found = read_handshake(event("authorizer-browser"))
    assert found.origin == "https://app.example.com"
    assert found.subprotocols == ("thinkaloud.v1",)
    assert found.token is not None
    assert found.token.count(".") == 2
    assert found.method_arn.endswith("/live/$connect")


def test_a_native_clients_handshake() -> None:
    found = read_handshake(event("authorizer-native"))
    assert found.origin is None
    assert found.token == read_handshake(event("authorizer-browser")).token


def test_a_connection_knows_who_opened_it() -> None:
    connect = read_connect(event("connect"))
    assert (connect.connection, connect.principal) == ("UXcB4dYzFiACJNw=", LIN)
    assert connect.handshake.origin == "https://app.example.com"
    assert connect.endpoint == Endpoint("a1b2c3d4e5", "live")


def test_a_message_knows_who_sent_it() -> None:
    message = read_message(event("message-ask-zh"))
    assert (message.connection, message.principal) == ("UXcB4dYzFiACJNw=", LIN)
    assert json.loads(message.body)["message"]["text"] == "我们部门今年的年假额度是多少？"
    assert message.connected_at == 1_763_631_000_000


def test_a_disconnection() -> None:
    assert read_disconnect(event("disconnect")) == Disconnect("UXcB4dYzFiACJNw=")


# ---- the token, wherever a client can put it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "offered",
    ["thinkaloud.v1, bearer.a.b.c", "bearer.a.b.c,thinkaloud.v1", " thinkaloud.v1 ,\tbearer.a.b.c ,, "],
)
def test_the_offered_list_is_split_on_commas_and_trimmed(offered: str) -> None:
    found = read_handshake(handshake(Sec_WebSocket_Protocol=offered))
    assert (found.subprotocols, found.token) == (("thinkaloud.v1",), "a.b.c")


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_names_of_headers_and_schemes_come_in_any_case(name: str, scheme: str) -> None:
    assert read_handshake(handshake(**{name: f"{scheme} a.b.c"})).token == "a.b.c"


def test_the_subprotocol_wins_over_the_header() -> None:
    found = read_handshake(handshake(Sec_WebSocket_Protocol="thinkaloud.v1, bearer.page", Authorization="Bearer app"))
    assert found.token == "page"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic bGluOng=", "a.b.c"])
def test_another_scheme_is_no_token(authorization: str) -> None:
    assert read_handshake(handshake(Authorization=authorization)).token is None


def test_an_empty_bearer_subprotocol_is_no_subprotocol() -> None:
    found = read_handshake(handshake(Sec_WebSocket_Protocol="bearer."))
    assert found.subprotocols == ()
    assert not found.token


@pytest.mark.parametrize("bare", [{}, {"headers": None}, {"headers": {}}])
def test_a_handshake_without_headers_offers_nothing(bare: dict[str, Any]) -> None:
    found = read_handshake(bare)
    assert (found.origin, found.subprotocols, found.token, found.method_arn) == (None, (), None, "")


# ---- as emulators send them ------------------------------------------------------------------------------------------


def context(**fields: Any) -> dict[str, Any]:
    authorizer = {"tenant": "qinghe", "user": "lin", "expires": "4102444800"}
    return {"requestContext": {"connectionId": "c1", "authorizer": authorizer, **fields}}


def test_only_what_is_needed_is_read() -> None:
    assert read_message({**context(), "body": "{}"}) == Message("c1", LIN, "{}")
    assert read_connect(context()).principal == LIN
    assert read_disconnect({"requestContext": {"connectionId": "c1"}}) == Disconnect("c1")


@pytest.mark.parametrize("fields", [{}, {"body": None}, {"body": ""}])
def test_a_message_without_a_body_is_empty(fields: dict[str, Any]) -> None:
    assert read_message({**context(), **fields}).body == ""


def test_a_body_in_base64_is_read() -> None:
    body = base64.b64encode("年假".encode()).decode()
    assert read_message({**context(), "body": body, "isBase64Encoded": True}).body == "年假"


def test_bytes_that_are_no_text_are_read_as_such_and_refused_later() -> None:
    body = base64.b64encode(b"\xff\xfe").decode()
    assert read_message({**context(), "body": body, "isBase64Encoded": True}).body == "\ufffd\ufffd"


@pytest.mark.parametrize("authorizer", [None, {}, {"principalId": "lin"}, {"tenant": "qinghe", "user": "lin"}])
def test_an_event_that_no_authoriser_vouches_for_is_refused(authorizer: object) -> None:
    for read in (read_connect, read_message):
        with pytest.raises(IdentityError):
            read(context(authorizer=authorizer))
