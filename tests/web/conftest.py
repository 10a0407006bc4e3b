"""The stage, and the page on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser import OpenUrl
from tests.http_api import HttpApi, bearer
from tests.web.stage import Stage

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.start()
    yield stage
    await stage.stop()


@pytest.fixture
def open_page(stage: Stage, open_url: OpenUrl) -> OpenPage:  # the stage is the last to go
    """`await open_page(locale="zh-CN", path="icon.svg", ...)`: what the stage serves, opened as `open_url` does."""

    async def open_one(path: str = "", **options: Any) -> Page:
        return await open_url(stage.url + path, **options)

    return open_one


@pytest.fixture
async def api(stage: Stage) -> AsyncIterator[HttpApi]:
    """The HTTP API, which the page on the stage is told of."""
    assert stage.config is not None
    async with HttpApi() as api:
        stage.config |= {"http": api.url, "token": bearer()}
        yield api
