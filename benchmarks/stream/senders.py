"""What runs in a sender's process: one answer at a time, posted by Thinkaloud's worker or token by token.

Clients and event loop are kept between answers, as a Lambda process keeps them.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import boto3

from benchmarks.stream import worker
from benchmarks.stream.script import Language, Schedule, ScheduledChat, script
from benchmarks.stream.table import TABLE
from benchmarks.stream.timeline import System
from thinkaloud.client import new_id
from thinkaloud.gateway import poster
from thinkaloud.protocol.encode import encode
from thinkaloud.protocol.frames import Envelope, Text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Task:
    """An answer to send to `connection` by the management API at `management_url`."""

    system: System
    connection: str
    management_url: str
    language: Language
    rate: float
    thinking: float


@dataclass(frozen=True)
class Sent:
    """When each token was said (on `time.monotonic`), and how long the sender worked for the answer, in seconds."""

    said: tuple[float, ...]
    seconds: float


def prepare(environment: dict[str, str]) -> None:
    """What a sender's process does first: take the environment that a function would have."""
    os.environ.update(environment)


def send(task: Task) -> Sent:
    """Send the answer; returns once all of it was posted."""
    return _runner().run(_send(task))


async def _send(task: Task) -> Sent:
    schedule = Schedule(script(task.language), task.rate, task.thinking)
    started = time.monotonic()
    if task.system == "thinkaloud":
        await worker.answer(
            _table_client(),
            TABLE,
            _poster(task.management_url),
            ScheduledChat(schedule),
            connection=task.connection,
            session=f"{new_id('s')}-{task.language}",
            turn=new_id("t"),
        )
    else:
        await _post_per_token(schedule, task)
    return Sent(tuple(schedule.times), time.monotonic() - started)


async def _post_per_token(schedule: Schedule, task: Task) -> None:
    """Each token as a frame of its own, the next one posted when the last has been taken."""
    seq = 0
    async for token in schedule.play():
        seq += 1
        envelope = Envelope(session="benchmark", turn="benchmark", seq=seq, trace="benchmark")
        frame = encode(Text(part="answer", step=1, content=token), envelope)
        await _poster(task.management_url).post(task.connection, frame)


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


@cache
def _poster(management_url: str) -> poster.ManagementPoster:
    client = boto3.client("apigatewaymanagementapi", endpoint_url=management_url, config=poster.CLIENT_CONFIG)
    return poster.ManagementPoster(client)


@cache
def _table_client() -> DynamoDBClient:
    return worker.table_client()
