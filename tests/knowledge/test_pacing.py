"""Texts are embedded within a rate, and once more after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.virtual_time import in_virtual_time
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.pacing import PAUSES, Pacing
from thinkaloud.knowledge.words.dense import blended, unit
from thinkaloud.models.embedding import HashingEmbedder


class Failing(HashingEmbedder):
    """Fails the first `times`."""

    def __init__(self, times: int) -> None:
        super().__init__(8)
        self.left = times

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.left -= 1
        if self.left >= 0:
            raise KnowledgeError("the embedding model did not answer: 429")
        return await super().embed(texts)


def paced(tokens: int, *batches: list[str]) -> list[float]:
    """When each batch came back, all asked for at once."""

    async def play() -> list[float]:
        loop = asyncio.get_running_loop()
        pacing, began = Pacing(tokens, clock=loop.time), loop.time()

        async def one(texts: list[str]) -> float:
            await pacing.embed(HashingEmbedder(8), texts)
            return loop.time() - began

        return list(await asyncio.gather(*map(one, batches)))

    return in_virtual_time(play())


def test_without_a_rate_nothing_waits() -> None:
    assert paced(0, ["word " * 900], ["word " * 900]) == pytest.approx([0.0, 0.0], abs=1e-6)


def test_a_batch_waits_until_those_before_it_are_paid_for() -> None:
    assert paced(6_000, ["word " * 600], ["word " * 300], ["word"]) == pytest.approx([0.0, 6.0, 9.0], abs=1e-6)


@pytest.mark.parametrize("times", [1, len(PAUSES)])
def test_what_fails_is_tried_again_after_longer_and_longer_pauses(times: int) -> None:
    async def play() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert len(await Pacing().embed(Failing(times), ["text"])) == 1
        return loop.time() - began

    assert sum(PAUSES[:times]) / 2 <= in_virtual_time(play()) <= sum(PAUSES[:times])


def test_what_fails_time_and_again_is_told() -> None:
    with pytest.raises(KnowledgeError, match="429"):
        in_virtual_time(Pacing().embed(Failing(len(PAUSES) + 1), ["text"]))


def test_a_vector_gets_length_1() -> None:
    assert unit([3.0, 4.0]) == pytest.approx([0.6, 0.8])
    assert 0 < sum(value * value for value in unit([0.0] * 4)) < 1e-6


def test_vectors_are_blended_by_weight_whatever_their_lengths() -> None:
    one, other = blended([[5.0, 0.0], [0.0, 0.1]], (1.0, 0.5))
    assert one == pytest.approx(2 * other)
    assert blended([[2.0, 0.0]], (1.0, 0.5)) == pytest.approx([1.0, 0.0])
