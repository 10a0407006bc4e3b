"""Pinecone, through the official asyncio client. A tenant is a namespace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import httpx
from pinecone import AsyncPinecone
from pinecone.errors import PineconeError

from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import Match, Passage

if TYPE_CHECKING:
    from pinecone import AsyncIndex

#: Bytes of one upsert, of the 2 MB that the service takes, and what a vector costs: 22 for each number written out,
#: and its metadata. https://docs.pinecone.io/reference/api/database-limits
UPSERT_BYTES = 1_500_000
_NUMBER_BYTES, _METADATA_BYTES = 22, 4_000
#: Seconds for a query: past that an answer without passages is better than none.
QUERY_TIMEOUT = 5.0
#: Ids in one delete, https://docs.pinecone.io/reference/api/database-limits
DELETE_BATCH = 1_000


class PineconeIndex:
    """`VectorIndex` over one Pinecone index, connected when first used (the client belongs to the running loop)."""

    def __init__(self, client: AsyncPinecone, host: str) -> None:
        self._client = client
        self._host = host
        self._opened: AsyncIndex | None = None

    async def query(self, tenant: str, vector: Sequence[float], top_k: int) -> list[Match]:
        async with self._index() as index:
            # The client's own time-out is for each of its four attempts.
            async with asyncio.timeout(QUERY_TIMEOUT):
                answer = await index.query(vector=vector, top_k=top_k, namespace=tenant, include_metadata=True)
            return [Match(_passage(match.metadata or {}), match.score) for match in answer.matches]

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        async with self._index() as index:
            records = [
                {"id": passage.id, "values": vector, "metadata": asdict(passage)}
                for passage, vector in zip(passages, vectors, strict=True)
            ]
            batch = UPSERT_BYTES // (_NUMBER_BYTES * len(vectors[0]) + _METADATA_BYTES) if records else 1
            for start in range(0, len(records), batch):
                await index.upsert(vectors=records[start : start + batch], namespace=tenant, show_progress=False)

    async def ids(self, tenant: str, document: str) -> list[str]:
        async with self._index() as index:
            pages = index.list(prefix=f"{document}#", namespace=tenant)
            return [item.id async for page in pages for item in page.vectors if item.id is not None]

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


def _passage(metadata: dict[str, Any]) -> Passage:
    try:
        known = {field.name: metadata[field.name] for field in fields(Passage)}
        return Passage(**{**known, "position": int(known["position"])})  # Pinecone keeps every number as a float
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(f"the index holds a vector that no Ingestor stored: {error!r}") from error
