"""Embeddings and reranking, through the real client, with an embedder that knows two things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from pinecone.errors import ApiError, NotFoundError

from localcloud.pinecone.ranking import relevance, sparse_embedding
from localcloud.pinecone.server import PineconeServer

from .conftest import AllAwaitable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

QUERY = {"input_type": "query"}
QUESTION = "How long does a refund take?"


class TwoThings:
    """An embedder whose first two dimensions are money and travel; any other text is in between."""

    def embed(self, texts: Sequence[str], dimensions: int = 1024) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), dimensions), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            vector[0 if "money" in text or "refund" in text else 1] = 1
        return vectors


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PineconeServer]:
    async with PineconeServer(tmp_path, embedder=TwoThings()) as running:
        yield running


@pytest.fixture
def inference(client: Any) -> Any:
    return AllAwaitable(client.inference)


async def test_a_dense_embedding_is_the_embedder_s(inference: Any) -> None:
    answer = await inference.embed("multilingual-e5-large", ["money", "travel"], parameters=QUERY)
    assert (answer.model, answer.vector_type) == ("multilingual-e5-large", "dense")
    assert [embedding.values[:2] for embedding in answer] == [[1.0, 0.0], [0.0, 1.0]]
    assert {len(embedding.values) for embedding in answer} == {1024}
    assert answer.usage.total_tokens >= 2


async def test_a_dense_embedding_has_the_dimension_asked_for(inference: Any) -> None:
    answer = await inference.embed("llama-text-embed-v2", "money", parameters=QUERY | {"dimension": 384})
    assert len(answer[0].values) == 384
    with pytest.raises(ApiError, match="not 100"):
        await inference.embed("llama-text-embed-v2", "money", parameters=QUERY | {"dimension": 100})


async def test_a_sparse_embedding_is_the_text_s_terms(inference: Any) -> None:
    parameters = QUERY | {"return_tokens": True}
    answer = await inference.embed("pinecone-sparse-multilingual-v0", ["退款 refund refund"], parameters=parameters)
    assert answer.vector_type == "sparse"
    embedding = answer[0]
    weights = dict(zip(embedding.sparse_tokens, embedding.sparse_values, strict=True))
    assert weights["refund"] > weights["退款"] > 0
    assert embedding.sparse_indices == sorted(embedding.sparse_indices)


async def test_sparse_embeddings_can_be_stored_and_searched(inference: Any, indexes: Any, open_index: Any) -> None:
    index = await open_index((await indexes.create(name="sparse", vector_type="sparse")).host)
    texts = ["A refund takes five days.", "年假有十五天。", "Parcels leave at noon."]
    model, passage = "pinecone-sparse-english-v0", {"input_type": "passage"}
    for number, embedding in enumerate(await inference.embed(model, texts, parameters=passage)):
        sparse = {"indices": embedding.sparse_indices, "values": embedding.sparse_values}
        await index.upsert(vectors=[{"id": str(number), "sparse_values": sparse}])
    for question, best in ((QUESTION, "0"), ("年假有几天？", "1")):
        asked = (await inference.embed(model, question, parameters=QUERY))[0]
        vector = {"indices": asked.sparse_indices, "values": asked.sparse_values}
        answer = await index.query(sparse_vector=vector, top_k=3)
        assert answer.matches[0].id == best


async def test_reranking_puts_the_answer_first(inference: Any) -> None:
    documents = ["We travel by train.", "A refund takes five days.", "Nothing of the kind."]
    answer = await inference.rerank("bge-reranker-v2-m3", QUESTION, documents, top_n=2)
    assert answer.data[0].index == 1
    assert len(answer.data) == 2
    assert answer.data[0].document == {"text": "A refund takes five days."}
    assert 1 >= answer.data[0].score > answer.data[1].score >= 0
    assert answer.usage.rerank_units == 1


async def test_reranking_looks_at_the_fields_it_is_told(inference: Any) -> None:
    documents = [{"title": "Refunds", "body": "Five days."}, {"title": "Travel", "body": "refund"}]
    by_title = await inference.rerank(
        "bge-reranker-v2-m3", "refunds", documents, rank_fields=["title"], return_documents=False
    )
    assert [(ranked.index, ranked.document) for ranked in by_title.data] == [(0, None), (1, None)]
    by_both = await inference.rerank("cohere-rerank-3.5", "refund", documents, rank_fields=["title", "body"])
    assert {ranked.index for ranked in by_both.data} == {0, 1}
    with pytest.raises(ApiError, match="Document at index 0 has no text in the rank field 'text'"):
        await inference.rerank("bge-reranker-v2-m3", "refunds", documents)


async def test_models_say_that_they_stand_in(inference: Any) -> None:
    models = await inference.list_models()
    assert "multilingual-e5-large" in models.names()
    assert all("on localhost" in model.short_description for model in models)
    assert (await inference.list_models(type="rerank")).names() == ["bge-reranker-v2-m3", "cohere-rerank-3.5"]
    assert [model.vector_type for model in await inference.list_models(vector_type="sparse")] == ["sparse", "sparse"]
    described = await inference.get_model(model="llama-text-embed-v2")
    assert (described.default_dimension, described.max_batch_size) == (1024, 96)


@pytest.mark.parametrize("model", ["gpt-9", "bge-reranker-v2-m3"])
async def test_an_unknown_model_is_not_found(inference: Any, model: str) -> None:
    with pytest.raises(NotFoundError, match=f"Model {model} not found. Supported models: llama") as refused:
        await inference.embed(model, ["money"], parameters=QUERY)
    assert refused.value.error_code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/embed", {"model": "multilingual-e5-large", "inputs": [{"text": "x"}] * 97, "parameters": QUERY}),
        ("/embed", {"model": "multilingual-e5-large", "inputs": [], "parameters": QUERY}),
        ("/embed", {"model": "multilingual-e5-large", "inputs": [{"text": "x"}]}),
        ("/embed", {"model": "multilingual-e5-large", "inputs": [{"text": 1}], "parameters": QUERY}),
        ("/rerank", {"model": "bge-reranker-v2-m3", "query": "", "documents": [{"text": "x"}]}),
        ("/rerank", {"model": "bge-reranker-v2-m3", "query": "x", "documents": [{"text": "x"}] * 101}),
    ],
)
async def test_a_body_out_of_bounds_is_refused(server: PineconeServer, path: str, body: dict[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers={"Api-Key": "local"}) as http:
        answer = await http.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_ARGUMENT")


async def test_without_an_embedder_terms_are_left(tmp_path: Path) -> None:
    async with (
        PineconeServer(tmp_path / "bare") as bare,
        httpx.AsyncClient(base_url=bare.url, headers={"Api-Key": "local"}) as http,
    ):
        listed = (await http.get("/models")).json()["models"]
        assert {model.get("vector_type") for model in listed} == {"sparse", None}
        embed = {"model": "multilingual-e5-large", "inputs": [{"text": "x"}], "parameters": QUERY}
        assert (await http.post("/embed", json=embed)).status_code == 404
        rerank = {"model": "bge-reranker-v2-m3", "query": "refund", "documents": [{"text": "no"}, {"text": "Refunds"}]}
        ranked = (await http.post("/rerank", json=rerank)).json()["data"]
        assert [(each["index"], each["score"]) for each in ranked] == [(1, 1.0), (0, 0.0)]


def test_relevance_is_between_zero_and_one() -> None:
    documents = ["", "refund", "年假", QUESTION]
    for embedder in (None, TwoThings()):
        scores = relevance(QUESTION, documents, embedder)
        assert all(0 <= score <= 1 for score in scores)
        assert max(scores) == scores[3]
    assert relevance("?!", documents, None) == [0.0] * 4


def test_a_sparse_embedding_of_nothing_is_empty() -> None:
    assert sparse_embedding("?!", with_tokens=False)["sparse_indices"] == []
