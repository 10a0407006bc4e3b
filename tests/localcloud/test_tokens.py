from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import jwt
import pytest

from localcloud.tokens import AUDIENCE, ISSUER, SecretMissing, development_secret, development_token


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path):
    state = tmp_path / "new" / "state"
    secret = development_secret(state)
    assert len(secret) >= 64
    assert development_secret(state) == secret
    assert mode(state / "secrets.json") == 0o600


def test_nobody_can_read_it_whatever_new_files_may_be(tmp_path: Path):
    before = os.umask(0)
    try:
        development_secret(tmp_path)
    finally:
        os.umask(before)
    assert mode(tmp_path / "secrets.json") == 0o600


def test_every_checkout_has_its_own(tmp_path: Path):
    assert development_secret(tmp_path / "a") != development_secret(tmp_path / "b")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"jwt"', '{"jwt": ""}', '{"jwt": null}', '{"jwt": "short"}'])
def test_a_file_without_a_secret_gets_one(tmp_path: Path, text: str):
    (tmp_path / "secrets.json").write_text(text)
    (tmp_path / "secrets.json").chmod(0o644)
    with pytest.raises(SecretMissing):
        development_token(tmp_path)
    secret = development_secret(tmp_path)
    assert development_secret(tmp_path) == secret
    assert len(secret) >= 64
    assert mode(tmp_path / "secrets.json") == 0o600


def test_a_token_says_who_asks_and_for_how_long(tmp_path: Path):
    secret = development_secret(tmp_path)
    token = development_token(tmp_path, tenant="青禾", user="李雷", seconds=60)
    claims = jwt.decode(token, secret, algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE)
    assert (claims["tenant"], claims["sub"]) == ("青禾", "李雷")
    assert claims["scope"].split() == ["documents:read", "documents:write", "audit:read"]
    assert claims["exp"] - claims["iat"] == 60
    assert abs(claims["iat"] - time.time()) < 10


def test_no_secret_no_token(tmp_path: Path):
    with pytest.raises(SecretMissing, match="make dev"):
        development_token(tmp_path)
    assert list(tmp_path.iterdir()) == []
