"""Headless Chromium, and pages that fail their test on any error of their own: a plugin of tests/conftest.py."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

WEB = Path(__file__).parents[1] / "web"

#: No sandbox, since it needs privileges that containers lack; the rest keeps a closed network quiet.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenUrl = Callable[..., Awaitable[Page]]


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it where a browser is promised (CI)."""
    if os.environ.get("THINKALOUD_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{what}, and THINKALOUD_REQUIRE_BROWSER=1 asks for it")
    pytest.skip(what)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("Chromium is not installed (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def markdown() -> None:
    """For tests that need the Markdown libraries."""
    if not (WEB / "node_modules" / "marked").is_dir() or not (WEB / "node_modules" / "dompurify").is_dir():
        missing("the page's libraries are not installed (npm ci --prefix web)")


@pytest.fixture
async def open_url(browser: Browser) -> AsyncIterator[OpenUrl]:
    """`await open_url("http://...", locale="zh-CN", ...)`: a page, in a fresh browser context.

    At the end the test fails if the page threw, or if the browser refused something (a broken policy, say). What
    `tolerate` is part of may be said: browsers report every failed connection.
    """
    async with AsyncExitStack() as contexts:
        said: list[str] = []

        async def open_one(url: str, *, tolerate: tuple[str, ...] = (), **options: Any) -> Page:
            context = await browser.new_context(**{"locale": "en-GB", "reduced_motion": "reduce", **options})
            contexts.push_async_callback(context.close)
            context.set_default_timeout(10_000)
            page = await context.new_page()

            def listen(message: ConsoleMessage) -> None:
                if message.type in ("error", "warning") and not any(part in message.text for part in tolerate):
                    said.append(f"{message.type}: {message.text}")

            page.on("console", listen)
            page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
            await page.goto(url)
            return page

        yield open_one
        assert not said, "\n".join(said)
