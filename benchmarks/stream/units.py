"""What one answer costs in DynamoDB: 300 tokens at 50 a second with five sources, in a session that has a past.

Counted and not timed, so English and Chinese run at once, against moto inside this process.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import boto3
from moto import mock_aws

from benchmarks.metering import MeteredDynamoDB
from benchmarks.stream import worker
from benchmarks.stream.processes import SPAWN
from benchmarks.stream.script import Language, Schedule, ScheduledChat, script
from benchmarks.stream.table import TABLE, create_table
from localcloud.aws.server import make_writes_atomic
from thinkaloud.gateway.poster import RecordingPoster

RATE = 50
#: Questions asked before the one that counts: as many as a prompt remembers.
_PAST = 5
_INSTANTLY = 1_000_000.0


@dataclass(frozen=True)
class Units:
    """Of 1 KB written, and of 4 KB read consistently."""

    write: float
    read: float


def measure() -> dict[Language, Units]:
    """The units of an answer in each language; takes some seven seconds, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=SPAWN) as process:
        return process.submit(_measure).result()


def _measure() -> dict[Language, Units]:
    os.environ.update(LOG_LEVEL="CRITICAL", AWS_DEFAULT_REGION="us-east-1")
    make_writes_atomic()
    with mock_aws():
        create_table()
        return asyncio.run(_both())


async def _both() -> dict[Language, Units]:
    english, chinese = await asyncio.gather(_units("en"), _units("zh"))
    return {"en": english, "zh": chinese}


async def _units(language: Language) -> Units:
    client = boto3.client("dynamodb")
    for number in range(_PAST):
        await _answer(client, language, f"turn-past-{number}", _INSTANTLY)
    metered = MeteredDynamoDB(client)
    await _answer(metered, language, "turn-counted", RATE)
    return Units(metered.written, metered.read)


async def _answer(client: object, language: Language, turn: str, rate: float) -> None:
    chat = ScheduledChat(Schedule(script(language), rate, thinking=0.0))
    await worker.answer(
        cast("Any", client),
        TABLE,
        RecordingPoster(),
        chat,
        connection="connection",
        session=f"session-{language}",
        turn=turn,
    )
