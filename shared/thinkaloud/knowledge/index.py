"""The vector index: the protocol, and the one in memory.

A namespace is a tenant: nothing is ever written to or read from another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Passage:
    """A chunk as it is kept in the index: what an answer may cite.

    `fingerprint` is of what was embedded, so that another text or another embedding model makes another id: a new
    version can be stored before the old one is removed, and an unchanged document is known by its ids alone.
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

    @property
    def id(self) -> str:
        """The vector's id; all chunks of a document share the prefix `{document}#`."""
        return f"{self.document}#{self.position}#{self.fingerprint}"


@dataclass(frozen=True)
class Match:
    """A passage and its similarity to the question, higher is nearer."""

    passage: Passage
    score: float


class VectorIndex(Protocol):
    """Nearest passages of a tenant. Every method may raise `KnowledgeError`."""

    async def query(self, tenant: str, vector: Sequence[float], top_k: int) -> list[Match]:
        """The nearest passages, best first."""

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        """Store passages, replacing those with the same id."""

    async def ids(self, tenant: str, document: str) -> list[str]:
        """The ids stored of a document."""

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        """Remove vectors by id."""


class MemoryIndex:
    """`VectorIndex` in a dict, by inner product."""

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[str, tuple[Passage, Sequence[float]]]] = {}

    async def query(self, tenant: str, vector: Sequence[float], top_k: int) -> list[Match]:
        stored = self._namespaces.get(tenant, {}).values()
        matches = [Match(passage, sum(a * b for a, b in zip(vector, other, strict=True))) for passage, other in stored]
        return sorted(matches, key=lambda match: match.score, reverse=True)[:top_k]

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        namespace = self._namespaces.setdefault(tenant, {})
        for passage, vector in zip(passages, vectors, strict=True):
            namespace[passage.id] = (passage, vector)

    async def ids(self, tenant: str, document: str) -> list[str]:
        stored = self._namespaces.get(tenant, {})
        return [key for key, (passage, _) in stored.items() if passage.document == document]

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        namespace = self._namespaces.get(tenant, {})
        for key in ids:
            namespace.pop(key, None)
