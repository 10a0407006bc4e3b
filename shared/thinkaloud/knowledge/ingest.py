"""Documents into the index."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from thinkaloud.errors import DocumentError
from thinkaloud.knowledge.chunking import chunk
from thinkaloud.knowledge.documents import Document
from thinkaloud.knowledge.index import Passage, VectorIndex
from thinkaloud.models.embedding import Embedder

#: Texts in one embedding request.
BATCH = 64


@dataclass(frozen=True)
class IngestOutcome:
    """What became of a document. `unchanged` where every chunk was there already and nothing was embedded."""

    uri: str
    chunks: int
    unchanged: bool


class Ingestor:
    """Loads documents for one tenant."""

    def __init__(self, tenant: str, embedder: Embedder, index: VectorIndex) -> None:
        self._tenant = tenant
        self._embedder = embedder
        self._index = index

    async def ingest(self, document: Document) -> IngestOutcome:
        """Store a document's chunks, then remove those of an older version, so that one of both is always found.

        Raises:
            DocumentError: there is no text below its headings.
            KnowledgeError: the embedding model or the index did not answer; the same call may be made again.
        """
        passages = [self._passage(document, piece.position, piece.section, piece.text) for piece in chunk(document)]
        if not passages:
            raise DocumentError(f"{document.uri} has no text below its headings")
        stored = set(await self._index.ids(self._tenant, document.id))
        fresh = [passage for passage in passages if passage.id not in stored]
        for start in range(0, len(fresh), BATCH):
            batch = fresh[start : start + BATCH]
            vectors = await self._embedder.embed([embedded_text(passage) for passage in batch])
            await self._index.upsert(self._tenant, batch, vectors)
        stale = stored - {passage.id for passage in passages}
        if stale:
            await self._index.delete(self._tenant, sorted(stale))
        return IngestOutcome(document.uri, len(passages), unchanged=not fresh and not stale)

    def _passage(self, document: Document, position: int, section: str, text: str) -> Passage:
        parts = (self._embedder.name, document.title, section, text)
        return Passage(
            document=document.id,
            position=position,
            title=document.title,
            uri=document.uri,
            media=document.media,
            section=section,
            language=document.language,
            text=text,
            fingerprint=hashlib.blake2b("\0".join(parts).encode(), digest_size=6).hexdigest(),
        )


def embedded_text(passage: Passage) -> str:
    """What is embedded: a passage is about its title and section too, even where its own words do not repeat them."""
    return "\n".join(part for part in (passage.title, passage.section, passage.text) if part)
