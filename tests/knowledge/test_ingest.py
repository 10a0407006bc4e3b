"""Documents into the index: embedded once, replaced without a gap, for one tenant alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest

from thinkaloud.errors import DocumentBroken, DocumentError, KnowledgeError
from thinkaloud.knowledge.documents import Block, Document, text_document
from thinkaloud.knowledge.index import IndexQuery, Match, Passage, PassageVector, SparseVector
from thinkaloud.knowledge.ingest import BATCH, Ingestor, IngestOutcome, recount
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.pacing import Pacing
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import number_of
from thinkaloud.models.embedding import Embedder, HashingEmbedder
from thinkaloud.state.lexicons import MemoryLexicons


def page(text: str) -> Document:
    return text_document(text, "handbook/zh/年假.md", "年假", "text/markdown")


MARKDOWN = "# 年假\n\n工作满一年有十四天。\n\n## 结转\n\n最多结转五天。"
PAGE = page(MARKDOWN)


ANYTHING = IndexQuery([0.0] * 64, SparseVector((), ()), top_k=1_000)


def loader(
    embedder: Embedder | None = None, index: MemoryIndex | None = None, tenant: str = "qinghe", **more: Any
) -> Ingestor:
    """An ingestor over what is given, and over nothing worth a look for the rest."""
    more = {"lexicons": Lexicons(MemoryLexicons()), "pacing": Pacing(sleep=at_once), "sleep": at_once, **more}
    return Ingestor(tenant, embedder or HashingEmbedder(64), index or MemoryIndex(), **more)


async def at_once(_seconds: float) -> None:
    """A pause that takes no time."""


class Diary(MemoryIndex):
    """An index that notes what was done to it, and what of the page could be found after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, int]] = []
        self.found: list[list[str]] = []

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        await super().upsert(tenant, passages, vectors)
        await self._note("upsert", len(passages), tenant)

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        await super().delete(tenant, ids)
        await self._note("delete", len(ids), tenant)

    async def _note(self, step: str, count: int, tenant: str) -> None:
        self.steps.append((step, count))
        self.found.append(await texts(self, tenant))


class CountingEmbedder(HashingEmbedder):
    """Notes what it is asked to embed."""

    def __init__(self) -> None:
        super().__init__(64)
        self.requests: list[list[str]] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.requests.append(list(texts))
        return await super().embed(texts)


async def texts(index: MemoryIndex, tenant: str = "qinghe") -> list[str]:
    """The passages of a tenant, in order."""
    matches = await index.query(tenant, ANYTHING)
    return [match.passage.text for match in sorted(matches, key=lambda match: match.passage.position)]


async def test_a_page_becomes_passages_that_know_where_they_stand() -> None:
    index = MemoryIndex()
    outcome = await loader(HashingEmbedder(64), index).ingest(PAGE)
    assert outcome == IngestOutcome("handbook/zh/年假.md", chunks=2, unchanged=False)
    matches = await index.query("qinghe", ANYTHING)
    first, second = sorted((match.passage for match in matches), key=lambda passage: passage.position)
    assert (first.text, first.section, first.position) == ("工作满一年有十四天。", "", 0)
    assert (second.text, second.section, second.position) == ("最多结转五天。", "结转", 1)
    assert (first.title, first.uri, first.language, first.media) == (
        "年假",
        "handbook/zh/年假.md",
        "zh",
        "text/markdown",
    )


async def test_title_and_section_are_embedded_with_the_text() -> None:
    embedder = CountingEmbedder()
    await loader(embedder, MemoryIndex()).ingest(PAGE)
    assert embedder.requests == [["年假\n工作满一年有十四天。", "年假\n结转\n最多结转五天。"]]


async def test_an_unchanged_page_is_neither_embedded_nor_stored_again() -> None:
    embedder, index = CountingEmbedder(), Diary()
    ingestor = loader(embedder, index)
    await ingestor.ingest(PAGE)
    assert await ingestor.ingest(PAGE) == IngestOutcome(PAGE.uri, chunks=2, unchanged=True)
    assert len(embedder.requests) == 1
    assert index.steps == [("upsert", 2)]


async def test_only_the_passage_that_changed_is_embedded() -> None:
    embedder, index = CountingEmbedder(), Diary()
    ingestor = loader(embedder, index)
    await ingestor.ingest(PAGE)
    changed = page(MARKDOWN.replace("五天", "六天"))
    assert not (await ingestor.ingest(changed)).unchanged
    assert embedder.requests[1:] == [["年假\n结转\n最多结转六天。"]]
    assert await texts(index) == ["工作满一年有十四天。", "最多结转六天。"]


async def test_a_new_version_is_there_before_the_old_one_goes() -> None:
    index = Diary()
    ingestor = loader(HashingEmbedder(64), index)
    await ingestor.ingest(PAGE)
    await ingestor.ingest(page("# 年假\n\n全部改写。"))
    assert index.steps == [("upsert", 2), ("upsert", 1), ("delete", 2)]
    assert "全部改写。" in index.found[1]
    assert "最多结转五天。" in index.found[1], "both are found for a moment, never neither"
    assert index.found[2] == ["全部改写。"]


async def test_a_page_that_became_shorter_leaves_nothing_behind() -> None:
    index = Diary()
    ingestor = loader(HashingEmbedder(64), index)
    await ingestor.ingest(PAGE)
    outcome = await ingestor.ingest(page("# 年假\n\n工作满一年有十四天。"))
    assert not outcome.unchanged
    assert index.steps == [("upsert", 2), ("delete", 1)]
    assert await texts(index) == ["工作满一年有十四天。"]


async def test_another_embedding_model_embeds_everything_again() -> None:
    index = Diary()
    await loader(HashingEmbedder(64), index).ingest(PAGE)
    other = HashingEmbedder(64)
    other.name = "another-model"
    await loader(other, index).ingest(PAGE)
    assert index.steps == [("upsert", 2), ("upsert", 2), ("delete", 2)]


async def test_two_pages_leave_each_other_alone() -> None:
    index = MemoryIndex()
    ingestor = loader(HashingEmbedder(64), index)
    other = replace(page("# 病假\n\n需要证明。"), uri="handbook/zh/病假.md")
    await ingestor.ingest(PAGE)
    await ingestor.ingest(other)
    await ingestor.ingest(replace(page("# 病假\n\n不需要证明。"), uri=other.uri))
    assert sorted(await texts(index)) == sorted(["工作满一年有十四天。", "最多结转五天。", "不需要证明。"])


async def test_tenants_with_the_same_page_leave_each_other_alone() -> None:
    index = MemoryIndex()
    embedder = HashingEmbedder(64)
    await loader(embedder, index).ingest(PAGE)
    await loader(embedder, index, "green-mountain").ingest(page("# 年假\n\n二十天。"))
    await loader(embedder, index, "green-mountain").ingest(page("# 年假\n\n二十一天。"))
    assert await texts(index, "qinghe") == ["工作满一年有十四天。", "最多结转五天。"]
    assert await texts(index, "green-mountain") == ["二十一天。"]


async def test_a_long_page_is_embedded_in_batches() -> None:
    embedder = CountingEmbedder()
    sections = "\n".join(f"## Section {number}\nText {number}." for number in range(2 * BATCH + 1))
    outcome = await loader(embedder, MemoryIndex()).ingest(page(sections))
    assert outcome.chunks == 2 * BATCH + 1
    assert [len(request) for request in embedder.requests] == [BATCH, BATCH, 1]


@pytest.mark.parametrize("text", ["# 年假", "# 年假\n\n## 结转\n"])
async def test_headings_alone_are_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="no text below its headings"):
        await loader(HashingEmbedder(64), MemoryIndex()).ingest(page(text))


async def test_a_failure_halfway_leaves_the_old_version_to_be_found_and_is_cured_by_another_try() -> None:
    down = True

    class Flaky(CountingEmbedder):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            if down and len(self.requests) >= 2:
                raise KnowledgeError("the embedding model did not answer")
            return await super().embed(texts)

    index = MemoryIndex()
    ingestor = loader(Flaky(), index)
    await ingestor.ingest(PAGE)
    sections = "\n".join(f"## Section {number}\nText {number}." for number in range(BATCH + 1))
    with pytest.raises(KnowledgeError):
        await ingestor.ingest(page(sections))
    assert "最多结转五天。" in await texts(index)
    down = False
    await ingestor.ingest(page(sections))
    assert await texts(index) == [f"Text {number}." for number in range(BATCH + 1)]


# ---- what a document brings ------------------------------------------------------------------------------------------


async def test_passages_know_page_place_and_metadata() -> None:
    index = MemoryIndex()
    pages = [Block("heading", "Leave", 1, page=1), Block("text", "Ten days.", page=1), Block("text", "Or so.", page=2)]
    document = Document("leave.pdf", "Leave", "application/pdf", "en", lambda: iter(pages))
    await loader(index=index).ingest(document, {"department": "hr", "year": 2026})
    (match,) = await index.query("qinghe", replace(ANYTHING, filter={"department": "hr"}))
    assert (match.passage.page, match.passage.start, match.passage.end) == (1, 7, 24)
    assert match.passage.metadata == {"department": "hr", "year": 2026}


async def test_other_metadata_replaces_what_is_stored() -> None:
    index = Diary()
    ingestor = loader(index=index)
    await ingestor.ingest(PAGE, {"department": "hr"})
    assert not (await ingestor.ingest(PAGE, {"department": "finance"})).unchanged
    assert await index.query("qinghe", replace(ANYTHING, filter={"department": "hr"})) == []
    assert len(await index.query("qinghe", replace(ANYTHING, filter={"department": "finance"}))) == 2


async def test_progress_is_told_batch_by_batch() -> None:
    told: list[int] = []
    sections = "\n".join(f"## Section {number}\nText {number}." for number in range(BATCH + 1))
    await loader().ingest(page(sections), progress=told.append)
    assert told == [BATCH, BATCH + 1]


async def test_a_document_that_cannot_be_read_on_leaves_the_old_version() -> None:
    def broken() -> Iterator[Block]:
        yield from (Block("text", f"Text {number}. " * 60) for number in range(BATCH + 1))
        raise DocumentBroken("年假.md: it is damaged")

    index = MemoryIndex()
    ingestor = loader(index=index)
    await ingestor.ingest(PAGE)
    with pytest.raises(DocumentBroken):
        await ingestor.ingest(replace(PAGE, source=broken))
    assert "最多结转五天。" in await texts(index)
    await ingestor.ingest(PAGE)
    assert await texts(index) == ["工作满一年有十四天。", "最多结转五天。"]


async def test_an_embedder_that_stumbles_is_asked_again() -> None:
    class Stumbling(CountingEmbedder):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            if not self.requests:
                self.requests.append([])
                raise KnowledgeError("429")
            return await super().embed(texts)

    outcome = await loader(Stumbling()).ingest(PAGE)
    assert outcome.chunks == 2


# ---- the terms -------------------------------------------------------------------------------------------------------


async def test_terms_are_counted_as_documents_come_change_and_go() -> None:
    lexicons = Lexicons(MemoryLexicons())
    ingestor = loader(lexicons=lexicons)

    async def counts(*words: str) -> list[int]:
        lexicon = await lexicons.of("qinghe")
        return [lexicon.passages, *(lexicon.held_by(number_of(word)) for word in words)]

    await ingestor.ingest(PAGE)
    assert await counts("年假", "结转", "六天") == [2, 2, 1, 0]
    await ingestor.ingest(PAGE)
    assert await counts("年假", "结转", "六天") == [2, 2, 1, 0]
    await ingestor.ingest(page(MARKDOWN.replace("五天", "六天")))
    assert await counts("年假", "结转", "五天", "六天") == [2, 2, 1, 0, 1]
    await ingestor.ingest(PAGE)
    assert await counts("五天", "六天") == [2, 1, 0]
    await ingestor.delete(PAGE.id)
    assert await counts("年假", "结转", "五天", "六天") == [0, 0, 0, 0, 0]


async def test_a_tenant_can_be_counted_afresh() -> None:
    index, lexicons = MemoryIndex(), Lexicons(MemoryLexicons())
    await loader(index=index).ingest(PAGE)
    assert await recount("qinghe", index, lexicons) == 2
    assert (await lexicons.of("qinghe")).held_by(number_of("年假")) == 2


# ---- deletion --------------------------------------------------------------------------------------------------------


async def test_a_deleted_document_is_gone_and_the_others_are_not() -> None:
    index = MemoryIndex()
    ingestor = loader(index=index)
    other = text_document("# 病假\n\n需要证明。", "handbook/zh/病假.md", "病假", "text/markdown")
    await ingestor.ingest(PAGE)
    await ingestor.ingest(other)
    assert await ingestor.delete(PAGE.id) == 2
    assert await texts(index) == ["需要证明。"]
    assert await ingestor.delete(PAGE.id) == 0, "again, for nothing"


# ---- an index that shows late what it took ---------------------------------------------------------------------------


class Late(MemoryIndex):
    """An index in which the next `reads` do not see a write."""

    def __init__(self, reads: int) -> None:
        super().__init__()
        self._reads = reads
        self._unseen: list[list[Any]] = []

    def _read(self) -> None:
        for write in self._unseen:
            write[0] -= 1

    async def _shown(self) -> None:
        while self._unseen and self._unseen[0][0] < 0:
            _, call, arguments = self._unseen.pop(0)
            await call(*arguments)

    async def query(self, tenant: str, query: IndexQuery) -> list[Match]:
        self._read()
        await self._shown()
        return await super().query(tenant, query)

    async def ids(self, tenant: str, document: str | None = None) -> list[str]:
        self._read()
        await self._shown()
        return await super().ids(tenant, document)

    async def fetch(self, tenant: str, ids: Sequence[str]) -> dict[str, PassageVector]:
        self._read()
        await self._shown()
        return await super().fetch(tenant, ids)

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        self._unseen.append([self._reads, super().upsert, (tenant, passages, vectors)])

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        self._unseen.append([self._reads, super().delete, (tenant, ids)])


async def test_it_is_done_only_when_a_query_finds_it_and_no_query_finds_the_old_one() -> None:
    index = Late(reads=4)
    ingestor = loader(index=index)
    await ingestor.ingest(PAGE)
    assert await texts(index) == ["工作满一年有十四天。", "最多结转五天。"]
    await ingestor.ingest(page("# 年假\n\n全部改写。"))
    assert await texts(index) == ["全部改写。"]
    await ingestor.delete(PAGE.id)
    assert await texts(index) == []


async def test_an_index_that_never_shows_it_is_told() -> None:
    with pytest.raises(KnowledgeError, match=r"does not show the 2 chunks .* after 30 seconds; try again"):
        await loader(index=Late(reads=10**6)).ingest(PAGE)


async def test_what_a_killed_attempt_left_unseen_is_no_orphan() -> None:
    """The first attempt's chunks appear only while the second version is being stored."""
    index = Late(reads=3)
    ingestor = loader(index=index)
    with pytest.raises(KnowledgeError):
        await loader(index=index, sleep=killed).ingest(PAGE)
    await ingestor.ingest(page("# 年假\n\n全部改写。"))
    assert await texts(index) == ["全部改写。"]


async def killed(_seconds: float) -> None:
    raise KnowledgeError("killed")


# ---- killed at any moment, delivered three times ---------------------------------------------------------------------


class Mortal(MemoryIndex):
    """An index whose caller dies at its `last` call, before or after the call has its effect."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 10**6
        self.after = False

    async def _live(self, call: Awaitable[Any]) -> Any:
        self.left -= 1
        if self.left < 0 and not self.after:
            cast("Any", call).close()
            raise asyncio.CancelledError
        result = await call
        if self.left < 0:
            raise asyncio.CancelledError
        return result

    async def query(self, tenant: str, query: IndexQuery) -> list[Match]:
        return await self._live(super().query(tenant, query))

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        await self._live(super().upsert(tenant, passages, vectors))

    async def ids(self, tenant: str, document: str | None = None) -> list[str]:
        return await self._live(super().ids(tenant, document))

    async def fetch(self, tenant: str, ids: Sequence[str]) -> dict[str, PassageVector]:
        return await self._live(super().fetch(tenant, ids))

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        await self._live(super().delete(tenant, ids))


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("moment", range(12))
async def test_killed_anywhere_and_delivered_again_it_holds_exactly_the_documents_chunks(
    moment: int, after: bool
) -> None:
    index = Mortal()
    ingestor = loader(index=index)
    old = "\n".join(f"## Section {number}\nText {number}." for number in range(2 * BATCH))
    new = "\n".join(f"## Section {number}\nText {number + number % 3}." for number in range(BATCH + 20))
    await ingestor.ingest(page(old))
    index.left, index.after = moment, after
    with suppress(asyncio.CancelledError):
        await ingestor.ingest(page(new))
    index.left = 10**6
    for _ in range(3):
        await ingestor.ingest(page(new))
    assert await texts(index) == [f"Text {number + number % 3}." for number in range(BATCH + 20)]
