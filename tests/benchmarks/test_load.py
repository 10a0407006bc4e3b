"""`make load` in short: nothing is lost under it, and what is lost would be told."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from benchmarks.load import Load, Readers, measure
from thinkaloud.telemetry import logger

SHORT = Load(turns=20, tokens=60, rate=120.0)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger().setLevel(logging.CRITICAL)
    yield
    logger().setLevel(logging.INFO)


class Losing(Readers):
    """Takes each frame of the type `loses` for one connection, and then does `instead`."""

    def __init__(self, loses: str, instead: str) -> None:
        super().__init__(0.001)
        self._loses = loses
        self._instead = instead

    async def post(self, connection: str, data: str) -> None:
        frame = json.loads(data)
        if connection != "connection-7" or frame["type"] != self._loses:
            await super().post(connection, data)
        elif self._instead == "twice":
            await super().post(connection, data)
            await super().post(connection, data)
        elif self._instead == "other":
            await super().post(connection, json.dumps({**frame, "content": "?"}))


async def test_of_twenty_at_once_none_is_lost() -> None:
    outcome = await measure(SHORT, spread=0.2)
    assert outcome.lost == ()
    assert len(outcome.whole) == SHORT.turns
    assert all(len(answer.delays) == SHORT.tokens for answer in outcome.whole)
    assert "0 lost" in str(outcome)
    assert "added delay: p50 " in str(outcome)


@pytest.mark.parametrize(
    ("loses", "instead", "said"),
    [
        ("source", "nothing", "came after frame"),
        ("text", "twice", "came after frame"),
        ("text", "other", "are not the model's"),
        ("complete", "nothing", "ended as []"),
    ],
)
async def test_what_is_lost_or_doubled_is_told(loses: str, instead: str, said: str) -> None:
    outcome = await measure(Load(turns=9, tokens=20, rate=400.0), Losing(loses, instead), spread=0.0)
    assert len(outcome.whole) == 8
    [lost] = outcome.lost
    assert said in lost
    assert "1 lost" in str(outcome)
