from __future__ import annotations

from localcloud.template.localise import LocalUrls, localise

URLS = {"Api": LocalUrls("http://127.0.0.1:4001/", "ws://127.0.0.1:8080")}


def test_an_apis_addresses_become_local_and_keep_their_path() -> None:
    assert localise("https://Api.execute-api.us-east-1.amazonaws.com/prod", URLS) == "http://127.0.0.1:4001/prod"
    assert localise("wss://api.execute-api.cn-north-1.amazonaws.com.cn/prod", URLS) == "ws://127.0.0.1:8080/prod"


def test_every_address_in_a_tree_is_rewritten() -> None:
    value = {"a": ["x wss://Api.execute-api.us-east-1.amazonaws.com y", 1], "b": ("c", None)}
    assert localise(value, URLS) == {"a": ["x ws://127.0.0.1:8080 y", 1], "b": ("c", None)}


def test_somebody_elses_address_stays() -> None:
    address = "https://a1b2c3.execute-api.us-east-1.amazonaws.com/prod"
    assert localise(address, URLS) == address
    assert localise("arn:aws:execute-api:us-east-1:1:Api/*", URLS) == "arn:aws:execute-api:us-east-1:1:Api/*"
