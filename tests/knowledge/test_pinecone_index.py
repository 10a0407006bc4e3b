"""Pinecone in trouble: one kind of error, soon, whatever went wrong."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict

import pytest
from pinecone import AsyncPinecone

from localcloud.pinecone.faults import Fault
from localcloud.pinecone.server import PineconeServer
from tests.builders import passage
from tests.knowledge.conftest import pinecone_index
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge import pinecone_index as module
from thinkaloud.knowledge.index import IndexQuery, PassageVector, SparseVector
from thinkaloud.knowledge.pinecone_index import PineconeIndex

VECTOR = [1.0, 0.0, 0.0, 0.0]
STORED = PassageVector(VECTOR, SparseVector((7,), (0.5,)))
QUERY = IndexQuery(VECTOR, SparseVector((7,), (0.5,)), top_k=5)
CALLS: dict[str, Callable[[PineconeIndex, str], Awaitable[object]]] = {
    "query": lambda index, tenant: index.query(tenant, QUERY),
    "upsert": lambda index, tenant: index.upsert(tenant, [passage()], [STORED]),
    "fetch": lambda index, tenant: index.fetch(tenant, ["d0c5#0#f1f2"]),
    "ids": lambda index, tenant: index.ids(tenant, "d0c5"),
    "delete": lambda index, tenant: index.delete(tenant, ["d0c5#0#f1f2"]),
}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tries four times, which its settings cannot change; here it does so without a pause."""

    async def at_once(_delay: float) -> None:
        return None

    monkeypatch.setattr("pinecone._internal.http_client._async_retry_sleep", at_once)


@pytest.fixture
def faulty(pinecone: PineconeServer) -> Iterator[PineconeServer]:
    yield pinecone
    pinecone.faults.clear()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_refusal_is_a_knowledge_error(
    faulty: PineconeServer, tenant: str, call: Callable[[PineconeIndex, str], Awaitable[object]], status: int
) -> None:
    faulty.faults.set(Fault(status=status))
    async with pinecone_index(faulty.url) as index:
        with pytest.raises(KnowledgeError, match="the index did not answer"):
            await call(index, tenant)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_an_index_that_cannot_be_reached_is_a_knowledge_error(
    tenant: str, call: Callable[[PineconeIndex, str], Awaitable[object]]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with pinecone_index(f"http://127.0.0.1:{nobody.getsockname()[1]}") as index:
            with pytest.raises(KnowledgeError, match="the index did not answer"):
                await call(index, tenant)


async def test_a_query_that_hangs_is_given_up_in_time_for_an_answer_without_passages(
    faulty: PineconeServer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.QUERY_TIMEOUT <= 5.0
    monkeypatch.setattr(module, "QUERY_TIMEOUT", 0.05)
    faulty.faults.set(Fault(delay=60.0, path="/query"))
    async with pinecone_index(faulty.url) as index:
        with pytest.raises(KnowledgeError, match="TimeoutError"):
            await index.query(tenant, QUERY)


async def test_the_index_serves_again_when_the_trouble_is_over(faulty: PineconeServer, tenant: str) -> None:
    async with pinecone_index(faulty.url) as index:
        faulty.faults.set(Fault(status=503))
        with pytest.raises(KnowledgeError):
            await index.query(tenant, QUERY)
        faulty.faults.clear()
        assert await index.query(tenant, QUERY) == []


@pytest.mark.parametrize("metadata", [{}, {"text": "somebody else's"}, {"document": "d", "position": "first"}])
async def test_a_vector_that_somebody_else_stored_is_a_knowledge_error(
    pinecone: PineconeServer, tenant: str, metadata: dict[str, str]
) -> None:
    async with (
        AsyncPinecone(api_key="local", ssl_verify=False) as client,
        await client.index(host=pinecone.url) as foreign,
        pinecone_index(pinecone.url) as index,
    ):
        await foreign.upsert(
            vectors=[{"id": "foreign", "values": VECTOR, "metadata": metadata}], namespace=tenant, show_progress=False
        )
        with pytest.raises(KnowledgeError, match="no Ingestor stored"):
            await index.query(tenant, QUERY)


async def test_metadata_that_somebody_added_is_the_passages(pinecone: PineconeServer, tenant: str) -> None:
    async with (
        AsyncPinecone(api_key="local", ssl_verify=False) as client,
        await client.index(host=pinecone.url) as foreign,
        pinecone_index(pinecone.url) as index,
    ):
        await index.upsert(tenant, [passage()], [STORED])
        await foreign.update(id=passage().id, set_metadata={"reviewed_by": "mei"}, namespace=tenant)
        (match,) = await index.query(tenant, QUERY)
        assert match.passage == passage(metadata={"reviewed_by": "mei"})


async def test_a_record_from_before_places_were_kept_is_still_a_passage(pinecone: PineconeServer, tenant: str) -> None:
    known = {
        name: value for name, value in asdict(passage()).items() if name not in ("page", "start", "end", "metadata")
    }
    async with (
        AsyncPinecone(api_key="local", ssl_verify=False) as client,
        await client.index(host=pinecone.url) as foreign,
        pinecone_index(pinecone.url) as index,
    ):
        await foreign.upsert(
            vectors=[{"id": passage().id, "values": VECTOR, "metadata": known}], namespace=tenant, show_progress=False
        )
        (match,) = await index.query(tenant, QUERY)
        assert match.passage == passage()
