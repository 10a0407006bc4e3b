"""Ingestion into Pinecone, through the real client, when reads do not see what was just written."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from localcloud.pinecone.faults import Fault
from localcloud.pinecone.server import PineconeServer
from tests.knowledge.conftest import DIMENSION, pinecone_index
from thinkaloud.knowledge.documents import Document, text_document
from thinkaloud.knowledge.index import IndexQuery, SparseVector
from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.knowledge.pinecone_index import PineconeIndex
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.state.lexicons import MemoryLexicons

ANYTHING = IndexQuery([1.0] * DIMENSION, SparseVector((), ()), top_k=1_000)


def version(number: int, sections: int) -> Document:
    text = "\n".join(f"## Section {section}\nText {section} of version {number}." for section in range(sections))
    return text_document(text, "handbook/leave.md", "Leave", "text/markdown")


@pytest.fixture
async def slow(pinecone: PineconeServer) -> AsyncIterator[PineconeIndex]:
    pinecone.faults.set(Fault(stale_reads=5))
    async with pinecone_index(pinecone.url) as index:
        yield index
    pinecone.faults.clear()


async def at_once(_seconds: float) -> None:
    """No pause: what is waited for is counted in reads."""


async def texts(index: PineconeIndex, tenant: str) -> list[str]:
    found = await index.query(tenant, ANYTHING)
    return [match.passage.text for match in sorted(found, key=lambda match: match.passage.position)]


async def test_each_version_is_found_when_it_is_said_to_be(slow: PineconeIndex, tenant: str) -> None:
    ingestor = Ingestor(tenant, HashingEmbedder(DIMENSION), slow, Lexicons(MemoryLexicons()), sleep=at_once)
    for number, sections in ((1, 130), (2, 70), (3, 130)):
        await ingestor.ingest(version(number, sections))
        assert await texts(slow, tenant) == [f"Text {section} of version {number}." for section in range(sections)]
    document = version(3, 1).id
    assert await ingestor.delete(document) == 130
    assert await texts(slow, tenant) == []
    assert await slow.ids(tenant, document) == []
