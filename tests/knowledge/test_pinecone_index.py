"""Pinecone in trouble: one kind of error, soon, whatever went wrong."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest
from pinecone import AsyncPinecone

from localcloud.pinecone.faults import Fault
from localcloud.pinecone.server import PineconeServer
from tests.builders import passage
from tests.knowledge.conftest import pinecone_index
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge import pinecone_index as module
from thinkaloud.knowledge.pinecone_index import PineconeIndex

VECTOR = [1.0, 0.0, 0.0, 0.0]
CALLS: dict[str, Callable[[PineconeIndex, str], Awaitable[object]]] = {
    "query": lambda index, tenant: index.query(tenant, VECTOR, 5),
    "upsert": lambda index, tenant: index.upsert(tenant, [passage()], [VECTOR]),
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
            await index.query(tenant, VECTOR, 5)


async def test_the_index_serves_again_when_the_trouble_is_over(faulty: PineconeServer, tenant: str) -> None:
    async with pinecone_index(faulty.url) as index:
        faulty.faults.set(Fault(status=503))
        with pytest.raises(KnowledgeError):
            await index.query(tenant, VECTOR, 5)
        faulty.faults.clear()
        assert await index.query(tenant, VECTOR, 5) == []


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
            await index.query(tenant, VECTOR, 5)


async def test_metadata_that_somebody_added_is_ignored(pinecone: PineconeServer, tenant: str) -> None:
    async with (
        AsyncPinecone(api_key="local", ssl_verify=False) as client,
        await client.index(host=pinecone.url) as foreign,
        pinecone_index(pinecone.url) as index,
    ):
        await index.upsert(tenant, [passage()], [VECTOR])
        await foreign.update(id=passage().id, set_metadata={"reviewed_by": "mei"}, namespace=tenant)
        (match,) = await index.query(tenant, VECTOR, 5)
        assert match.passage == passage()
