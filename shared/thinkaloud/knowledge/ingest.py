"""Documents into the index: in batches, in flat memory, and the same however often it is killed and begun again."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from thinkaloud.errors import DocumentEmpty, KnowledgeError
from thinkaloud.knowledge.chunking import Chunk, chunks
from thinkaloud.knowledge.documents import Document
from thinkaloud.knowledge.index import IndexQuery, Passage, PassageVector, SparseVector, Value, VectorIndex
from thinkaloud.knowledge.pacing import Pacing
from thinkaloud.knowledge.words.dense import unit
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import passage_vector
from thinkaloud.models.embedding import Embedder

#: Texts in one embedding request.
BATCH = 64
#: Seconds between looks for what was written, which Pinecone shows after a while.
LOOKS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
#: Part of a chunk's fingerprint: another number where records of the same text are to be made anew.
_FORMAT = "2"
_NOTHING = SparseVector((), ())


@dataclass(frozen=True)
class IngestOutcome:
    """What became of a document. `unchanged` where every chunk was there already and nothing was embedded."""

    uri: str
    chunks: int
    unchanged: bool


@dataclass
class _Version:
    """The version of a document that is being stored: what is there of it, and what of the one before."""

    stored: frozenset[str]
    ids: set[str] = field(default_factory=set)
    last: str = ""
    fresh: int = 0
    added: Lexicon = field(default_factory=Lexicon)
    whole: Lexicon | None = None
    name: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=16))


class Ingestor:
    """Loads documents for one tenant.

    Args:
        pacing: how fast texts are embedded, and what is tried again.
        sleep: between two looks at the index.
    """

    def __init__(
        self,
        tenant: str,
        embedder: Embedder,
        index: VectorIndex,
        lexicons: Lexicons,
        pacing: Pacing | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._tenant = tenant
        self._embedder = embedder
        self._index = index
        self._lexicons = lexicons
        self._pacing = pacing or Pacing()
        self._sleep = sleep

    async def ingest(
        self,
        document: Document,
        metadata: Mapping[str, Value] | None = None,
        progress: Callable[[int], None] = lambda chunks: None,
        *,
        resumed: bool = False,
    ) -> IngestOutcome:
        """Store a document's chunks; once a query finds them, remove those of an older version.

        So one of both versions is always found. The same call may be made again after any failure, or for nothing.

        Args:
            metadata: to filter by; no key is the name of a field of `Passage`.
            progress: told how many chunks are stored, time and again.
            resumed: an earlier attempt at this version may have stored chunks and died before it counted them.

        Raises:
            DocumentError: the document cannot be read, or there is no text below its headings.
            KnowledgeError: the embedding model or the index did not answer, or the index does not show what it took.
        """
        version = _Version(frozenset(await self._index.ids(self._tenant, document.id)))
        version.whole = Lexicon() if resumed else None
        pieces = chunks(document)
        while batch := await asyncio.to_thread(lambda: list(islice(pieces, BATCH))):
            await self._store(version, [self._passage(document, chunk, metadata or {}) for chunk in batch])
            progress(len(version.ids))
        if not version.ids:
            raise DocumentEmpty(f"{document.uri}: there is no text below its headings")
        stale = sorted(await self._until_found(document, version) - version.ids)
        if version.fresh or stale or resumed:
            # Passages that both versions share count twice if an attempt dies in between: `recount` says so exactly.
            await self._remove(document.id, stale, version.whole or version.added, version.name.digest())
        return IngestOutcome(document.uri, len(version.ids), unchanged=not version.fresh and not stale)

    async def delete(self, document: str) -> int:
        """Remove every chunk of a document, by its id, and see that no query finds one; how many there were.

        Raises:
            KnowledgeError: the index did not answer, or still shows what was deleted.
        """
        ids = await self._index.ids(self._tenant, document)
        await self._remove(document, sorted(ids), Lexicon(), b"")
        return len(ids)

    async def _store(self, version: _Version, passages: Sequence[Passage]) -> None:
        for passage in passages:
            version.ids.add(passage.id)
            version.name.update(passage.id.encode())
            version.last = passage.id
        fresh = [passage for passage in passages if passage.id not in version.stored]
        if version.whole is not None:
            for passage in passages:
                version.whole.count(passage_vector(embedded_text(passage)).indices)
        if not fresh:
            return
        texts = [embedded_text(passage) for passage in fresh]
        dense = await self._pacing.embed(self._embedder, texts)
        vectors = [PassageVector(unit(one), passage_vector(text)) for one, text in zip(dense, texts, strict=True)]
        await self._index.upsert(self._tenant, fresh, vectors)
        for vector in vectors:
            version.added.count(vector.sparse.indices)
        version.fresh += len(fresh)

    async def _remove(self, document: str, ids: Sequence[str], added: Lexicon, name: bytes) -> None:
        """Delete passages and count the change. Counted first: by then it is known which passages go.

        `name` is of the version that stays, so that the next attempt, which finds fewer of these, counts nothing again.
        """
        removed = await _counted(self._index, self._tenant, ids)
        await self._lexicons.change(self._tenant, document, name, added, removed)
        if ids:
            held = await self._index.fetch(self._tenant, ids[-1:])
            await self._index.delete(self._tenant, ids)
            await self._until_gone(document, ids, held)

    async def _until_found(self, document: Document, version: _Version) -> set[str]:
        """Wait until the index lists all chunks and a query finds the last one; everything it lists by then.

        What this version replaces is told from that list and not from the one before: writes are seen in their order,
        so that by now it holds whatever an attempt that was killed has left.
        """
        listed: set[str] = set()

        async def found() -> bool:
            listed.update(await self._index.ids(self._tenant, document.id))
            if not version.ids <= listed:
                return False
            held = await self._index.fetch(self._tenant, [version.last])
            return await self._finds(document.id, held)

        await self._until(found, f"the {len(version.ids)} chunks of {document.uri} that it took")
        return listed

    async def _until_gone(self, document: str, ids: Sequence[str], last: Mapping[str, PassageVector]) -> None:
        """Wait until the index lists none of these, and a query does not find the last one."""

        async def gone() -> bool:
            listed = await self._index.ids(self._tenant, document)
            return set(ids).isdisjoint(listed) and not await self._finds(document, last)

        await self._until(gone, f"the deletion of {len(ids)} chunks of document {document}")

    async def _finds(self, document: str, held: Mapping[str, PassageVector]) -> bool:
        """Whether a query finds a passage, by its own vector and restricted to it; never one that is not given."""
        for passage, vector in held.items():
            _, position, fingerprint = passage.split("#")
            only = {"document": document, "position": int(position), "fingerprint": fingerprint}
            return bool(await self._index.query(self._tenant, IndexQuery(vector.dense, _NOTHING, 1, only)))
        return False

    async def _until(self, seen: Callable[[], Awaitable[bool]], what: str) -> None:
        for pause in LOOKS:
            await self._sleep(pause)
            if await seen():
                return
        raise KnowledgeError(f"the index does not show {what}, after {sum(LOOKS):.0f} seconds; try again")

    def _passage(self, document: Document, chunk: Chunk, metadata: Mapping[str, Value]) -> Passage:
        passage = Passage(
            document=document.id,
            position=chunk.position,
            title=document.title,
            uri=document.uri,
            media=document.media,
            section=chunk.section,
            language=document.language,
            text=chunk.text,
            fingerprint="",
            page=chunk.page,
            start=chunk.start,
            end=chunk.end,
            metadata=metadata,
        )
        places = f"{chunk.page} {chunk.start} {chunk.end} {json.dumps(metadata, sort_keys=True)}"
        parts = (_FORMAT, self._embedder.name, document.title, chunk.section, chunk.text, places)
        return replace(passage, fingerprint=hashlib.blake2b("\0".join(parts).encode(), digest_size=6).hexdigest())


def embedded_text(passage: Passage) -> str:
    """What is embedded: a passage is about its title and section too, even where its own words do not repeat them."""
    return "\n".join(part for part in (passage.title, passage.section, passage.text) if part)


async def recount(tenant: str, index: VectorIndex, lexicons: Lexicons) -> int:
    """Count a tenant's terms afresh from its index: what to do where the statistics were lost. How many passages.

    Raises:
        KnowledgeError: the index did not answer.
        StorageError: the statistics cannot be stored.
    """
    counted = await _counted(index, tenant, await index.ids(tenant))
    await lexicons.replace(tenant, counted)
    return counted.passages


async def _counted(index: VectorIndex, tenant: str, ids: Sequence[str]) -> Lexicon:
    """The terms of some passages, as the index holds them."""
    counted = Lexicon()
    for start in range(0, len(ids), BATCH):
        for vector in (await index.fetch(tenant, ids[start : start + BATCH])).values():
            counted.count(vector.sparse.indices)
    return counted
