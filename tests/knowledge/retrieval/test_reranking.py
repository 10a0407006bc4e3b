"""Pinecone's re-ranker, through the real client, over the local stand-in."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
from pinecone import AsyncPinecone

from localcloud.pinecone.faults import Fault
from localcloud.pinecone.server import PineconeServer
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.retrieval import reranking
from thinkaloud.knowledge.retrieval.reranking import PineconeReranker


@pytest.fixture
async def reranker(pinecone: PineconeServer) -> AsyncIterator[PineconeReranker]:
    async with AsyncPinecone(api_key="local", host=pinecone.url, ssl_verify=False) as client:
        yield PineconeReranker(client, "bge-reranker-v2-m3")
    pinecone.faults.clear()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_delay: float) -> None:
        return None

    monkeypatch.setattr("pinecone._internal.http_client._async_retry_sleep", at_once)


async def test_scores_come_in_the_order_of_the_texts(reranker: PineconeReranker) -> None:
    scores = await reranker.rerank(
        "How long does a refund take?", ["Tents are waterproof.", "A refund takes five days.", "年假十四天。"]
    )
    assert len(scores) == 3
    assert scores[1] == max(scores) > 0.3
    assert all(0 <= score <= 1 for score in scores)


async def test_a_long_passage_is_read_at_its_beginning(reranker: PineconeReranker) -> None:
    (hidden,) = await reranker.rerank("refund", ["x " * reranking.PASSAGE_CHARACTERS + "refund"])
    assert hidden == pytest.approx(0.0)


async def test_a_refusal_is_a_knowledge_error(reranker: PineconeReranker, pinecone: PineconeServer) -> None:
    pinecone.faults.set(Fault(status=429, path="/rerank"))
    with pytest.raises(KnowledgeError, match="the re-ranker did not answer"):
        await reranker.rerank("refund", ["Refunds."])


async def test_one_that_hangs_is_given_up(
    reranker: PineconeReranker, pinecone: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "RERANK_TIMEOUT", 0.05)
    pinecone.faults.set(Fault(delay=60.0, path="/rerank"))
    with pytest.raises(KnowledgeError, match="TimeoutError"):
        await reranker.rerank("refund", ["Refunds."])


async def test_one_that_cannot_be_reached_is_a_knowledge_error() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with AsyncPinecone(api_key="local", host=host, ssl_verify=False) as client:
            with pytest.raises(KnowledgeError, match="the re-ranker did not answer"):
                await PineconeReranker(client, "bge-reranker-v2-m3").rerank("refund", ["Refunds."])
