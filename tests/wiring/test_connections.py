"""Where the management API is, for functions whose variables cannot say it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from thinkaloud.gateway.events import Endpoint
from thinkaloud.wiring.connections import management

ENDPOINT = Endpoint("a1b2c3d4e5", "live")
OVERRIDE = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv(OVERRIDE, raising=False)
    management.cache_clear()
    yield
    management.cache_clear()


@pytest.mark.parametrize("domain", ["execute-api.eu-west-1.amazonaws.com", "execute-api.cn-north-1.amazonaws.com.cn"])
def test_it_is_at_the_stage_that_the_event_came_through(domain: str) -> None:
    assert management(ENDPOINT, domain).meta.endpoint_url == f"https://a1b2c3d4e5.{domain}/live"


def test_the_endpoint_of_everything_else_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    domain = "execute-api.eu-west-1.amazonaws.com"
    assert management(ENDPOINT, domain).meta.endpoint_url == f"https://a1b2c3d4e5.{domain}/live"


def test_an_endpoint_of_its_own_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, "http://127.0.0.1:8081/live")
    client = management(ENDPOINT, "execute-api.us-east-1.amazonaws.com")
    assert client.meta.endpoint_url == "http://127.0.0.1:8081/live"
