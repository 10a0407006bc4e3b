"""Which route a request takes."""

from __future__ import annotations

import pytest

from localcloud.http.routing import Router
from localcloud.template.model import HttpRoute

KEYS = (
    "$default",
    "ANY /{proxy+}",
    "GET /pets/{id}",
    "GET /pets/dog",
    "ANY /pets/{id}/toys",
    "POST /pets/{id}/toys",
    "GET /files/{path+}",
    "GET /",
)
ROUTER = Router([HttpRoute(key, "function", None) for key in KEYS])


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog", "GET /pets/dog", {}),
        ("GET", "/pets/猫", "GET /pets/{id}", {"id": "猫"}),
        ("PUT", "/pets/7", "ANY /{proxy+}", {"proxy": "pets/7"}),
        ("POST", "/pets/7/toys", "POST /pets/{id}/toys", {"id": "7"}),
        ("PUT", "/pets/7/toys", "ANY /pets/{id}/toys", {"id": "7"}),
        ("GET", "/files/a/b.txt", "GET /files/{path+}", {"path": "a/b.txt"}),
        ("GET", "/pets", "ANY /{proxy+}", {"proxy": "pets"}),
        ("GET", "/", "GET /", {}),
        ("PUT", "/", "$default", {}),
    ],
)
def test_the_most_specific_route_that_fits(method: str, path: str, key: str, parameters: dict[str, str]):
    matched = ROUTER.match(method, path)
    assert matched is not None
    assert (matched.route.key, matched.parameters) == (key, parameters)


def test_without_a_default_there_may_be_none():
    router = Router([HttpRoute("GET /a.b", "function", None)])
    assert router.match("GET", "/a.b") is not None
    assert router.match("GET", "/axb") is None
    assert router.match("POST", "/a.b") is None
