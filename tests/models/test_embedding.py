"""The embedding model without a model."""

from __future__ import annotations

import math

import pytest

from thinkaloud.models.embedding import HashingEmbedder


async def similarity(one: str, other: str) -> float:
    first, second = await HashingEmbedder().embed([one, other])
    return sum(a * b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("text", ["a", "年", "How long does a refund take?", "我们部门今年的年假额度是多少？", ""])
async def test_a_vector_has_length_1(text: str) -> None:
    (vector,) = await HashingEmbedder(64).embed([text])
    assert len(vector) == 64
    assert math.hypot(*vector) == pytest.approx(1.0)


async def test_near_texts_get_near_vectors() -> None:
    question = "How long does a refund take?"
    assert await similarity(question, "A refund takes five days.") > await similarity(question, "Tents and boots.")
    assert await similarity("年假有几天", "年假是十四天") > await similarity("年假有几天", "报销流程说明")


async def test_the_same_text_gets_the_same_vector_in_any_spelling() -> None:
    assert await similarity("Café\r\nopen", "  cafe\u0301\nOPEN ") == pytest.approx(1.0)


async def test_texts_keep_their_order() -> None:
    embedder = HashingEmbedder()
    assert await embedder.embed(["one", "two"]) == [*await embedder.embed(["one"]), *await embedder.embed(["two"])]
    assert await embedder.embed([]) == []
