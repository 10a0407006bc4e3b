"""How soon a person sees something: the running local cloud, asked over the real client by one person."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from localcloud.cloud import LocalCloud
from thinkaloud.client import Client, new_id

ROOT = Path(__file__).parents[1]
WARM_UP, RUNS = 5, 40
QUESTIONS = ("How long does a refund take?", "我们部门今年的年假额度是多少？")


def measure() -> list[Figure]:
    """First frame and first token after the question was sent, in milliseconds; the model answers without delay."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    first_frame, first_token = [], []
    with tempfile.TemporaryDirectory() as state:
        async with (
            LocalCloud(ROOT, port=0, state=Path(state), environ={}, pace=0) as cloud,
            Client(cloud.ws_url, cloud.token()) as client,
        ):
            for run in range(WARM_UP + RUNS):
                frame, token = await _ask(client, QUESTIONS[run % len(QUESTIONS)])
                if run >= WARM_UP:
                    first_frame.append(frame)
                    first_token.append(token)
    return [
        Figure("first frame on localhost, warm", tuple(first_frame), "ms", 60),
        Figure("first token on localhost, warm", tuple(first_token), "ms", 150),
    ]


async def _ask(client: Client, question: str) -> tuple[float, float]:
    started = time.perf_counter()
    seen: dict[str, float] = {}
    async for received in client.ask(question, session=new_id("s")):
        seen.setdefault("frame", time.perf_counter() - started)
        if received.type == "text":
            seen.setdefault("token", time.perf_counter() - started)
    return seen["frame"] * 1000, seen["token"] * 1000
