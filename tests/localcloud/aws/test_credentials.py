from __future__ import annotations

from localcloud.aws.credentials import signing_environment


def test_without_credentials_there_are_ones_that_open_nothing() -> None:
    local = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "local")
    assert signing_environment({}) == local
    assert signing_environment({"AWS_ACCESS_KEY_ID": "half of it", "AWS_PROFILE": "work"}) == local


def test_real_ones_are_kept_and_nothing_is_added() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "shh"}
    assert signing_environment({**keys, "HOME": "/root"}) == keys
    token = {**keys, "AWS_SESSION_TOKEN": "t"}
    assert signing_environment(token) == token
