"""A hosted embedding model, through the real client, over the local stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pytest
from pinecone import AsyncPinecone

from localcloud.pinecone.faults import Fault
from localcloud.pinecone.server import PineconeServer
from thinkaloud.errors import KnowledgeError
from thinkaloud.models import pinecone_embedding
from thinkaloud.models.pinecone_embedding import MOST_TEXTS, PineconeEmbedder


class Lengths:
    """An embedder that knows how long a text is."""

    def embed(self, texts: Sequence[str], dimensions: int = 1024) -> Any:
        return np.array([[len(text), *[0.0] * (dimensions - 1)] for text in texts], np.float32)


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PineconeServer]:
    async with PineconeServer(tmp_path_factory.mktemp("pinecone"), embedder=Lengths()) as running:
        yield running


@pytest.fixture
async def client(server: PineconeServer) -> AsyncIterator[AsyncPinecone]:
    async with AsyncPinecone(api_key="local", host=server.url, ssl_verify=False) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_delay: float) -> None:
        return None

    monkeypatch.setattr("pinecone._internal.http_client._async_retry_sleep", at_once)


async def test_each_text_gets_its_vector_however_many_there_are(client: AsyncPinecone) -> None:
    texts = ["x" * (number % 7 + 1) for number in range(2 * MOST_TEXTS + 1)]
    vectors = await PineconeEmbedder(client, "multilingual-e5-large", "passage").embed(texts)
    assert [vector[0] for vector in vectors] == [float(len(text)) for text in texts]
    assert {len(vector) for vector in vectors} == {1024}
    assert await PineconeEmbedder(client, "multilingual-e5-large", "query").embed([]) == []


async def test_a_sparse_model_is_none(client: AsyncPinecone) -> None:
    with pytest.raises(KnowledgeError, match="did not give a dense vector"):
        await PineconeEmbedder(client, "pinecone-sparse-english-v0", "query").embed(["text"])


@pytest.mark.parametrize("fault", [Fault(status=401), Fault(status=429), Fault(status=503)])
async def test_a_refusal_is_a_knowledge_error(client: AsyncPinecone, server: PineconeServer, fault: Fault) -> None:
    server.faults.set(fault)
    with pytest.raises(KnowledgeError, match="the embedding model did not answer"):
        await PineconeEmbedder(client, "multilingual-e5-large", "query").embed(["text"])


async def test_one_that_hangs_is_given_up(
    client: AsyncPinecone, server: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinecone_embedding, "TIMEOUT", 0.05)
    server.faults.set(Fault(delay=60.0))
    with pytest.raises(KnowledgeError, match="TimeoutError"):
        await PineconeEmbedder(client, "multilingual-e5-large", "query").embed(["text"])
