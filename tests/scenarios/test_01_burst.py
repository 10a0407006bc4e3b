"""Fifty sockets ask long questions at once: every turn ends in a final frame, and none in silence."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.scenarios.device import Device, device
from tests.scenarios.stage import Question, Stage, figure, opened

SOCKETS = 50
WORKERS = 10
WARM = ("AuthorizerFunction", "ConnectFunction", "DefaultFunction")
LONG = "Our customer in Chengdu asks the following, word for word. " * 60


async def first_token(stage: Stage, phone: Device) -> float:
    """Ask, and read to the end; seconds until the first text."""
    asked = stage.question({"do": "text", "tokens": 60, "rate": 100})
    question = Question(LONG + asked.text, asked.marker)
    began = time.monotonic()
    told = await phone.ask(question)
    final = await phone.ends(question, 120)
    assert (final["type"], final["finish"]) == ("complete", "stop")
    assert len(stage.calls(question)) == 1
    assert told.text == stage.calls(question)[0]["said"]
    assert (await stage.stored(question)).outcome is not None
    return next(heard for heard, frame in phone.heard if frame.get("type") == "text") - began


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A cloud with the gateway's own limits: starting processes for fifty takes its time on a laptop."""
    async with opened(tmp_path, {"HEARTBEAT_SECONDS": "10", "LEASE_SECONDS": "15"}, max_concurrency=WORKERS) as stage:
        await stage.cloud.functions.warm(dict.fromkeys(WARM, 2) | {"TurnFunction": WORKERS})
        yield stage


async def test_fifty_long_questions_at_once_are_all_answered(stage: Stage) -> None:
    async with device(stage.cloud) as phone:
        alone = await first_token(stage, phone)
    async with AsyncExitStack() as open_sockets:
        connecting = [open_sockets.enter_async_context(device(stage.cloud)) for _ in range(SOCKETS)]
        phones = await asyncio.gather(*connecting)
        waits = sorted(await asyncio.gather(*(first_token(stage, phone) for phone in phones)))

    figure(
        f"1: first token: {alone:.2f} s alone; of {SOCKETS} at once p50 {waits[SOCKETS // 2]:.2f} s, "
        f"p95 {waits[int(0.95 * SOCKETS)]:.2f} s ({WORKERS} workers on {os.cpu_count()} cores)"
    )
    assert len(waits) == SOCKETS
