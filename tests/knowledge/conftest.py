from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pinecone import AsyncPinecone

from localcloud.pinecone.server import PineconeServer
from thinkaloud.knowledge.index import VectorIndex
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.pinecone_index import PineconeIndex

#: Numbers in a vector.
DIMENSION = 4
_TENANTS = itertools.count(1)


@pytest.fixture(scope="module")
async def pinecone(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PineconeServer]:
    async with PineconeServer(tmp_path_factory.mktemp("pinecone"), default_index="handbook") as server:
        server.open_index("handbook", dimension=DIMENSION)
        yield server


@asynccontextmanager
async def pinecone_index(host: str) -> AsyncIterator[PineconeIndex]:
    """The index at a host, through the real client."""
    # No certificate is looked at over plain http; reading them takes longer than most tests.
    client = AsyncPinecone(api_key="local", ssl_verify=False)
    index = PineconeIndex(client, host)
    try:
        yield index
    finally:
        await index.aclose()


@pytest.fixture(params=["memory", "pinecone"])
async def index(request: pytest.FixtureRequest, pinecone: PineconeServer) -> AsyncIterator[VectorIndex]:
    if request.param == "memory":
        yield MemoryIndex()
    else:
        async with pinecone_index(pinecone.url) as opened:
            yield opened


@pytest.fixture
def tenant() -> str:
    """A tenant that no other test has."""
    return f"tenant-{next(_TENANTS)}"
