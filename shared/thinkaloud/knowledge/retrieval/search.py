"""A search and what comes of it, stage by stage, so that anybody can see why a passage was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from thinkaloud.knowledge.index import Match, Passage

#: Why a candidate is not among the matches.
Dropped = Literal["duplicate", "score", "room"]


@dataclass(frozen=True)
class Search:
    """What is looked for. `context` is what the conversation was about, where `text` alone does not say it.

    `filter` restricts passages by their metadata, in Pinecone's words.
    https://docs.pinecone.io/guides/search/filter-by-metadata
    """

    text: str
    context: str = ""
    filter: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Candidate:
    """A passage that the index found: its raw score, the re-ranker's where one was asked, and what became of it."""

    passage: Passage
    score: float
    reranked: float | None = None
    dropped: Dropped | None = None


@dataclass(frozen=True)
class Retrieval:
    """What a search found.

    `matches` are the passages to answer from, best first. `covered` is false where even the best `score` is below
    `threshold`: the documents do not answer this. `timings` are seconds by stage: embed, search, rerank.
    """

    matches: list[Match]
    candidates: list[Candidate]
    covered: bool
    threshold: float
    timings: dict[str, float] = field(default_factory=dict)


class Retriever(Protocol):
    """Finds the passages of a tenant for a question."""

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        """The passages to answer from.

        Raises:
            KnowledgeError: the embedding model or the index did not answer.
        """
