"""The caller on its way through API Gateway's authoriser context."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.errors import IdentityError
from thinkaloud.identity.principal import Principal

USERS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=256)


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True), USERS, st.integers(0, 2**53))
def test_a_principal_comes_back_from_the_context_as_it_went(tenant: str, user: str, expires: int) -> None:
    principal = Principal.checked(tenant, user, expires)
    context = principal.to_context()
    assert all(isinstance(value, str) for value in context.values()), "API Gateway passes on strings"
    assert Principal.from_context({"principalId": user, "integrationLatency": 12, **context}) == principal


@pytest.mark.parametrize(
    "wrong",
    [{"tenant": None}, {"tenant": "a#b"}, {"user": None}, {"user": ""}, {"expires": None}, {"expires": "soon"}],
    ids=str,
)
def test_a_context_that_is_not_ours_is_refused(wrong: dict[str, Any]) -> None:
    context = {"tenant": "qinghe", "user": "lin", "expires": "4102444800", **wrong}
    with pytest.raises(IdentityError):
        Principal.from_context({name: value for name, value in context.items() if value is not None})


@pytest.mark.parametrize(
    ("claim", "scopes"),
    [
        (None, set()),
        ("", set()),
        ("documents:read  documents:write", {"documents:read", "documents:write"}),
        (["audit:read", "openid"], {"audit:read", "openid"}),
        ([], set()),
    ],
)
def test_scopes_come_as_a_text_or_a_list(claim: object, scopes: set[str]) -> None:
    principal = Principal.checked("qinghe", "lin", 1, claim)
    assert principal.scopes == scopes
    assert Principal.from_context(principal.to_context()) == principal


@pytest.mark.parametrize("claim", [5, {"documents": "read"}, ["a b"], ["a", 5], 'say "all"', "全部", "x" * 5_000])
def test_a_scope_that_is_none(claim: object) -> None:
    with pytest.raises(IdentityError, match="scope"):
        Principal.checked("qinghe", "lin", 1, claim)


def test_a_chinese_name_is_a_user() -> None:
    assert Principal.checked("qinghe", "林小青", 1).user == "林小青"
