"""Documents into the index: embedded once, replaced without a gap, for one tenant alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from thinkaloud.errors import DocumentError, KnowledgeError
from thinkaloud.knowledge.documents import Document, text_document
from thinkaloud.knowledge.index import IndexQuery, Passage, PassageVector, SparseVector
from thinkaloud.knowledge.ingest import BATCH, Ingestor, IngestOutcome
from thinkaloud.knowledge.lexicons import Lexicons
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.pacing import Pacing
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
