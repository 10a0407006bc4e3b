"""Pinecone, through the official asyncio client. A tenant is a namespace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import httpx
from pinecone import AsyncPinecone
from pinecone.errors import PineconeError

from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import IndexQuery, Match, Passage, PassageVector, SparseVector

if TYPE_CHECKING:
    from pinecone import AsyncIndex

#: Bytes and vectors of one upsert; the service takes 2 MB and 1,000.
#: https://docs.pinecone.io/reference/api/database-limits
UPSERT_BYTES, UPSERT_VECTORS = 1_500_000, 1_000
#: Bytes that the numbers of a vector are written in at most, a sparse one's with its index; and what else a record has.
_NUMBER_BYTES, _ENTRY_BYTES, _RECORD_BYTES = 24, 24, 500
#: Seconds for a query: past that an answer without passages is better than none.
QUERY_TIMEOUT = 5.0
#: Ids in one delete, https://docs.pinecone.io/reference/api/database-limits, and in one fetch, whose ids are a URL.
DELETE_BATCH, FETCH_BATCH = 1_000, 100
_FIELDS = frozenset(field.name for field in fields(Passage)) - {"metadata"}
#: Fields that came with time: a record without them is an older one.
_OPTIONAL = frozenset({"page", "start", "end"})
_WHOLE_NUMBERS = ("position", "page", "start", "end")


class PineconeIndex:
    """`VectorIndex` over one Pinecone index, connected when first used (the client belongs to the running loop).

    The index is one of dense vectors by dot product, which takes a sparse vector beside each.
    """

    def __init__(self, client: AsyncPinecone, host: str) -> None:
        self._client = client
        self._host = host
        self._opened: AsyncIndex | None = None

    async def query(self, tenant: str, query: IndexQuery) -> list[Match]:
        asked: dict[str, Any] = {"vector": query.dense, "top_k": query.top_k, "namespace": tenant}
        if query.sparse.indices:
            asked["sparse_vector"] = _written(query.sparse)
        if query.filter:
            asked["filter"] = query.filter
        async with self._index() as index:
            # The client's own time-out is for each of its four attempts.
            async with asyncio.timeout(QUERY_TIMEOUT):
                answer = await index.query(**asked, include_metadata=True)
            return [Match(_passage(match.metadata or {}), match.score) for match in answer.matches]

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        records = [_record(passage, vector) for passage, vector in zip(passages, vectors, strict=True)]
        async with self._index() as index:
            for batch in _batches(records):
                await index.upsert(vectors=batch, namespace=tenant, show_progress=False)

    async def ids(self, tenant: str, document: str | None = None) -> list[str]:
        prefix = None if document is None else f"{document}#"
        async with self._index() as index:
            pages = index.list(prefix=prefix, namespace=tenant)
            return [item.id async for page in pages for item in page.vectors if item.id is not None]

    async def fetch(self, tenant: str, ids: Sequence[str]) -> dict[str, PassageVector]:
        found: dict[str, PassageVector] = {}
        async with self._index() as index:
            for start in range(0, len(ids), FETCH_BATCH):
                answer = await index.fetch(ids=list(ids[start : start + FETCH_BATCH]), namespace=tenant)
                for name, vector in answer.vectors.items():
                    sparse = vector.sparse_values
                    held = SparseVector(tuple(sparse.indices), tuple(sparse.values)) if sparse else SparseVector((), ())
                    found[name] = PassageVector(vector.values, held)
        return found

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        async with self._index() as index:
            for start in range(0, len(ids), DELETE_BATCH):
                await index.delete(ids=list(ids[start : start + DELETE_BATCH]), namespace=tenant)

    async def aclose(self) -> None:
        """Close the connections; ingestion from a terminal ends, a Lambda's worker never does."""
        if self._opened is not None:
            await self._opened.close()
        await self._client.close()

    @asynccontextmanager
    async def _index(self) -> AsyncIterator[AsyncIndex]:
        try:
            if self._opened is None:
                self._opened = await self._client.index(host=self._host)
            yield self._opened
        except (PineconeError, httpx.HTTPError, TimeoutError) as error:
            raise KnowledgeError(f"the index did not answer: {type(error).__name__}: {error}") from error


def _record(passage: Passage, vector: PassageVector) -> dict[str, Any]:
    known = {name: value for name, value in asdict(passage).items() if name in _FIELDS and value is not None}
    record = {"id": passage.id, "values": list(vector.dense), "metadata": {**passage.metadata, **known}}
    # The service takes no sparse vector without an entry.
    return {**record, "sparse_values": _written(vector.sparse)} if vector.sparse.indices else record


def _batches(records: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The records in upserts that the service takes."""
    batch: list[dict[str, Any]] = []
    size = 0
    for record in records:
        own = _size(record)
        if batch and (size + own > UPSERT_BYTES or len(batch) == UPSERT_VECTORS):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += own
    if batch:
        yield batch


def _size(record: dict[str, Any]) -> int:
    """About how many bytes a record is on the wire, erring on the high side."""
    sparse = len(record["sparse_values"]["indices"]) if "sparse_values" in record else 0
    texts = sum(2 * len(str(value).encode()) for value in record["metadata"].values())
    return _RECORD_BYTES + _NUMBER_BYTES * len(record["values"]) + _ENTRY_BYTES * sparse + texts


def _written(vector: SparseVector) -> dict[str, Any]:
    return {"indices": list(vector.indices), "values": list(vector.values)}


def _passage(held: Mapping[str, Any]) -> Passage:
    """Raises KnowledgeError where the metadata is not that of a passage."""
    try:
        known = {name: held[name] for name in _FIELDS if name in held or name not in _OPTIONAL}
        # Pinecone keeps every number as a float.
        known |= {name: int(known[name]) for name in _WHOLE_NUMBERS if name in known}
        return Passage(**known, metadata={name: value for name, value in held.items() if name not in _FIELDS})
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(f"the index holds a vector that no Ingestor stored: {error!r}") from error
