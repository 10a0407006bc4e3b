from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.gateway.errors import UnknownSelection
from localcloud.gateway.routing import Router
from localcloud.template.model import Route

ROUTES = {key: Route(key, key, two_way=False) for key in ("$connect", "$default", "$disconnect", "chat")}


def selected(body: str, expression: str = "$request.body.action") -> str | None:
    route = Router(expression, ROUTES).select(body)
    return route.key if route else None


def test_the_action_is_matched_exactly() -> None:
    assert selected('{"action": "chat"}') == "chat"
    assert selected('{"action": "Chat"}') == "$default"
    assert selected('{"action": "chat "}') == "$default"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "null",
        "[]",
        '"chat"',
        "{}",
        '{"action": null}',
        '{"action": 1}',
        '{"action": ["chat"]}',
        "[" * 100_000,
    ],
    ids=["empty", "text", "null", "list", "string", "no action", "null action", "number", "list action", "deep"],
)
def test_a_body_that_names_no_route_goes_to_default(body: str) -> None:
    assert selected(body) == "$default"


@pytest.mark.parametrize("key", ["$connect", "$disconnect", "$default"])
def test_a_message_cannot_name_the_gateways_own_routes(key: str) -> None:
    assert selected(json.dumps({"action": key})) == "$default"


def test_without_a_default_route_nothing_is_selected() -> None:
    router = Router("$request.body.action", {"chat": ROUTES["chat"]})
    assert router.select('{"action": "other"}') is None


@pytest.mark.parametrize("expression", ["$request.body.message.kind", "${request.body.message.kind}"])
def test_the_selected_property_may_be_nested(expression: str) -> None:
    assert selected('{"message": {"kind": "chat"}}', expression) == "chat"
    assert selected('{"message": "chat"}', expression) == "$default"


@pytest.mark.parametrize(
    "expression", ["", "$request.header.action", "request.body.action", "${request.body.action", "$request.body."]
)
def test_an_unknown_expression_is_refused_with_the_way_out(expression: str) -> None:
    with pytest.raises(UnknownSelection, match=r"\$request\.body\.action"):
        Router(expression, ROUTES)


@settings(max_examples=50, deadline=None)
@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_any_text_takes_some_route(body: str) -> None:
    assert selected(body) in ROUTES
