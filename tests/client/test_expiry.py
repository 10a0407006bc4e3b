import base64
import json

import pytest

from thinkaloud.client.expiry import expiry


def jwt(claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


def test_a_jwt_says_when_it_runs_out():
    assert expiry(jwt({"exp": 1_800_000_000, "sub": "你"})) == 1_800_000_000.0


@pytest.mark.parametrize(
    "token", ["", "opaque", "a.b.c", "..", jwt({}), jwt({"exp": "soon"}), jwt({"exp": True}), jwt([1]), "a.令牌.c"]
)
def test_what_says_nothing_of_it(token: str):
    assert expiry(token) is None
