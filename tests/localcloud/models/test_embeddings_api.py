"""Embeddings as the real `openai` clients see them."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import openai
import pytest

from localcloud.models.embedding import STATIC_DIMENSIONS, StaticEmbedder
from localcloud.models.server import ModelServer


async def test_floats_and_base64_are_the_same_numbers(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    texts = ["How long does a refund take?", "退款需要多久？"]
    by_default = await client.embeddings.create(model="local-embedding", input=texts)
    floats = await client.embeddings.create(model="local-embedding", input=texts, encoding_format="float")
    packed = await client.embeddings.create(model="local-embedding", input=texts, encoding_format="base64")
    expected = StaticEmbedder(server.embedder).embed(texts)
    for place, row in enumerate(expected):
        assert by_default.data[place].embedding == pytest.approx(row.tolist())
        assert floats.data[place].embedding == pytest.approx(row.tolist())
        raw = base64.b64decode(str(packed.data[place].embedding))
        assert np.array_equal(np.frombuffer(raw, dtype="<f4"), row)
        assert floats.data[place].index == place
    assert floats.model == "local-embedding"
    assert floats.usage.total_tokens == floats.usage.prompt_tokens > 0


async def test_a_single_text(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="local-embedding", input="refund")
    assert [len(item.embedding) for item in answer.data] == [STATIC_DIMENSIONS]


async def test_dimensions_can_be_chosen(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="local-embedding", input="refund", dimensions=128)
    assert np.linalg.norm(answer.data[0].embedding) == pytest.approx(1, abs=1e-5)
    assert len(answer.data[0].embedding) == 128


async def test_the_sync_client(server: ModelServer) -> None:
    def ask() -> list[float]:
        with openai.OpenAI(base_url=server.url, api_key="local", max_retries=0) as client:
            return client.embeddings.create(model="local-embedding", input="refund").data[0].embedding

    assert await asyncio.to_thread(ask) == pytest.approx(StaticEmbedder(server.embedder).embed(["refund"])[0].tolist())


@pytest.mark.parametrize("given", ["", [], [""], [1, 2, 3], [[1, 2], [3]], ["x"] * 2049])
async def test_what_is_no_text_is_refused(client: openai.AsyncOpenAI, given: list[str]) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.embeddings.create(model="local-embedding", input=given)
    assert str(refused.value.param).startswith("input")


@pytest.mark.parametrize("model", ["text-embedding-3-small", "extractive"])
async def test_another_model_is_not_found(client: openai.AsyncOpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError, match="local-embedding") as refused:
        await client.embeddings.create(model=model, input="x")
    assert refused.value.code == "model_not_found"


async def test_half_a_character_from_elsewhere_does_no_harm(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="local-embedding", input=["🏕", "\ufffd", "\0"])
    assert len(answer.data) == 3


async def test_requests_are_recorded(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    await client.embeddings.create(model="local-embedding", input="x")
    assert server.ledger.counts("/v1/embeddings")["finished"] == 1
    assert server.ledger.counts("/v1/chat/completions")["finished"] == 0
