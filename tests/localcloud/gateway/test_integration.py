from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from localcloud.gateway.background import Background
from localcloud.gateway.integration import Answered, Failed, Integrations, Reply, TimedOut, read_reply
from tests.localcloud.gateway.stage import Functions, raises, returns


async def outcome(handler: Any, timeout_s: float = 10.0) -> Any:
    background = Background()
    try:
        return await Integrations(Functions(chat=handler), background).call("chat", {}, timeout_s)
    finally:
        await background.stop()


async def test_a_function_answers_fails_or_is_late() -> None:
    assert await outcome(returns([1])) == Answered([1])
    assert await outcome(raises("no table")) == Failed("no table")
    assert await outcome(lambda event: asyncio.Event().wait(), 0.01) == TimedOut()


async def test_an_invoker_that_raises_is_a_failure_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: dict[str, Any]) -> Any:
        raise LookupError("no such function")

    assert isinstance(await outcome(handler), Failed)
    assert "chat could not be invoked" in caplog.text


@pytest.mark.parametrize(
    ("payload", "reply"),
    [
        ({"statusCode": 200}, Reply(200)),
        ({"statusCode": "403", "headers": None, "body": None}, Reply(403)),
        ({"statusCode": 200, "headers": {"X-A": 1}, "body": "b"}, Reply(200, {"x-a": "1"}, "b")),
        ({"statusCode": 600}, None),
        ({"statusCode": 200, "headers": []}, Reply(200)),
        ({"statusCode": 200, "headers": ["a"]}, None),
        ({"statusCode": 200, "body": 1}, None),
        ("200", None),
    ],
)
def test_a_proxy_reply_is_read_or_refused(payload: Any, reply: Reply | None) -> None:
    assert read_reply(payload) == reply


async def test_background_work_that_fails_is_logged_and_what_runs_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks() -> None:
        raise ValueError("broken")

    background = Background()
    with caplog.at_level(logging.ERROR):
        await asyncio.wait({background.start(breaks(), name="some work")})
    assert "some work failed" in caplog.text
    endless = background.start(asyncio.Event().wait(), name="endless work")
    await background.stop()
    assert endless.cancelled()
