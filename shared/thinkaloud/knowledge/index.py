"""The vector index: what it holds and what can be asked of it.

A namespace is a tenant: nothing is ever written to or read from another one. A passage has two vectors: a dense one,
by meaning, and a sparse one, by words; its score is the sum of both dot products.
https://docs.pinecone.io/guides/search/hybrid-search#use-a-single-hybrid-index
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: What a document's metadata may hold; Pinecone keeps every number as a float.
Value = str | int | float | bool | list[str]


@dataclass(frozen=True)
class Passage:
    """A chunk as it is kept in the index: what an answer may cite.

    `fingerprint` is of what was embedded, so that another text or another embedding model makes another id: a new
    version can be stored before the old one is removed, and an unchanged document is known by its ids alone.
    `start` and `end` are offsets in the document's extracted text. `metadata` is the document's own, to filter by;
    none of its keys is the name of another field here.
    """

    document: str
    position: int
    title: str
    uri: str
    media: str
    section: str
    language: str
    text: str
    fingerprint: str
    page: int | None = None
    start: int = 0
    end: int = 0
    metadata: Mapping[str, Value] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The vector's id; all chunks of a document share the prefix `{document}#`."""
        return f"{self.document}#{self.position}#{self.fingerprint}"


@dataclass(frozen=True)
class SparseVector:
    """The places of a sparse vector that are not zero: ascending 32-bit `indices`, each once, and as many `values`."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class PassageVector:
    """Where a passage is in both spaces. `dense` has length 1; an index of dense vectors takes none that is zero."""

    dense: Sequence[float]
    sparse: SparseVector


@dataclass(frozen=True)
class IndexQuery:
    """What is nearest to these vectors. `filter` is of Pinecone's making, over a passage's fields and its metadata.

    https://docs.pinecone.io/guides/search/filter-by-metadata
    """

    dense: Sequence[float]
    sparse: SparseVector
    top_k: int
    filter: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Match:
    """A passage and how well it matches the question, higher is better."""

    passage: Passage
    score: float


class VectorIndex(Protocol):
    """Nearest passages of a tenant. Every method may raise `KnowledgeError`.

    What is written is seen by the next read only after a while.
    """

    async def query(self, tenant: str, query: IndexQuery) -> list[Match]:
        """The nearest passages, best first."""

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        """Store passages, replacing those with the same id."""

    async def ids(self, tenant: str, document: str | None = None) -> list[str]:
        """The ids stored of a document, or of all."""

    async def fetch(self, tenant: str, ids: Sequence[str]) -> dict[str, PassageVector]:
        """The vectors by id, of those that are there."""

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        """Remove vectors by id."""
