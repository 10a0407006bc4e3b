"""The sample handbook's questions find their pages, and those that it does not answer are told from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcloud.models.embedding import LocalEmbedder, StaticEmbedder
from thinkaloud.knowledge.documents import read_document
from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.retrieval.retriever import HybridRetriever, Recipe
from thinkaloud.knowledge.retrieval.search import Retrieval, Search
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.state.lexicons import MemoryLexicons

SAMPLES = Path(__file__).parents[2] / "samples"


class Local:
    """The local default, without the network."""

    name = "local-embedding"

    def __init__(self) -> None:
        self._static = StaticEmbedder(LocalEmbedder())

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self._static.embed(texts)]


@dataclass(frozen=True)
class Asked:
    """A question, the page that answers it (None where none does), and what was found."""

    language: str
    page: str | None
    found: Retrieval

    @property
    def rank(self) -> int:
        """How many passages of other pages come first."""
        pages = [match.passage.uri for match in self.found.matches]
        return pages.index(self.page) if self.page in pages else len(pages)


@pytest.fixture(scope="module")
async def asked() -> list[Asked]:
    embedder, index, lexicons = Local(), MemoryIndex(), Lexicons(MemoryLexicons())
    ingestor = Ingestor("samples", embedder, index, lexicons)
    for path in sorted((SAMPLES / "handbook").rglob("*.md")):
        await ingestor.ingest(read_document(path, SAMPLES))
    retriever = HybridRetriever(embedder, index, lexicons, Recipe())
    lines = [
        json.loads(line)
        for name in ("questions", "unanswerable")
        for line in (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [
        Asked(line["language"], line.get("page"), await retriever.retrieve("samples", Search(line["question"])))
        for line in lines
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_question_finds_its_page(asked: list[Asked], language: str) -> None:
    ranks = [each.rank for each in asked if each.page is not None and each.language == language]
    assert len(ranks) >= 40
    assert sum(rank == 0 for rank in ranks) / len(ranks) >= 0.9
    assert sum(rank < 3 for rank in ranks) / len(ranks) >= 0.98


async def test_what_the_handbook_does_not_answer_is_told_from_what_it_does(asked: list[Asked]) -> None:
    unanswered = [each for each in asked if each.page is None]
    abstained = [each for each in asked if not each.found.covered]
    right = sum(each.page is None for each in abstained)
    assert len(unanswered) >= 40
    assert right / len(unanswered) >= 0.85
    assert right / len(abstained) >= 0.85
