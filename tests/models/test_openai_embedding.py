"""Any OpenAI-compatible embeddings endpoint, through the official client."""

from __future__ import annotations

import socket

import httpx2
import openai
import pytest

from localcloud.models.controls import Fault
from localcloud.models.server import ModelServer
from thinkaloud.errors import KnowledgeError
from thinkaloud.models.openai_embedding import OpenAIEmbedder


@pytest.fixture
def embedder(client: openai.AsyncOpenAI) -> OpenAIEmbedder:
    return OpenAIEmbedder(client, "local-embedding")


async def test_each_text_gets_its_vector(embedder: OpenAIEmbedder) -> None:
    texts = ["How long does a refund take?", "年假有几天？👍"]
    both = await embedder.embed(texts)
    for text, vector in zip(texts, both, strict=True):
        (alone,) = await embedder.embed([text])
        assert vector == pytest.approx(alone)


def answering(*vectors: tuple[int, list[float]]) -> OpenAIEmbedder:
    """The model of an endpoint that answers anything with these vectors: (index, numbers)."""
    rows = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in vectors]
    body = {"object": "list", "data": rows, "model": "any", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
    client = openai.AsyncOpenAI(api_key="local", max_retries=0, http_client=httpx2.AsyncClient(transport=transport))
    return OpenAIEmbedder(client, "any")


async def test_vectors_are_put_in_the_order_of_the_texts() -> None:
    assert await answering((1, [0.0, 1.0]), (0, [1.0, 0.0])).embed(["one", "two"]) == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("vectors", [[], [(0, [1.0])], [(0, [1.0]), (1, [1.0]), (2, [1.0])]])
async def test_another_number_of_vectors_than_texts_is_a_knowledge_error(
    vectors: list[tuple[int, list[float]]],
) -> None:
    with pytest.raises(KnowledgeError):
        await answering(*vectors).embed(["one", "two"])


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_refusal_is_a_knowledge_error(server: ModelServer, embedder: OpenAIEmbedder, status: int) -> None:
    server.controls.put_fault(Fault(path="/v1/embeddings", status=status))
    with pytest.raises(KnowledgeError, match="the embedding model did not answer"):
        await embedder.embed(["text"])


async def test_an_unknown_model_is_a_knowledge_error(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(KnowledgeError, match="NotFoundError"):
        await OpenAIEmbedder(client, "no-such-model").embed(["text"])


async def test_an_endpoint_that_cannot_be_reached_is_a_knowledge_error() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="local", max_retries=0) as client:
            with pytest.raises(KnowledgeError, match="APIConnectionError"):
                await OpenAIEmbedder(client, "local-embedding").embed(["text"])
