"""`VectorIndex` in a dict: for tests, and for benchmarks that leave the network out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from thinkaloud.knowledge.index import IndexQuery, Match, Passage, PassageVector, SparseVector

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda held, asked: asked in held if isinstance(held, list) else held == asked,
    "$ne": lambda held, asked: not _COMPARISONS["$eq"](held, asked),
    "$in": lambda held, asked: any(_COMPARISONS["$eq"](held, one) for one in asked),
    "$nin": lambda held, asked: not _COMPARISONS["$in"](held, asked),
    "$gt": lambda held, asked: held is not None and held > asked,
    "$gte": lambda held, asked: held is not None and held >= asked,
    "$lt": lambda held, asked: held is not None and held < asked,
    "$lte": lambda held, asked: held is not None and held <= asked,
    "$exists": lambda held, asked: (held is not None) == asked,
}


class MemoryIndex:
    """`VectorIndex` by inner product over all there is."""

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[str, tuple[Passage, PassageVector]]] = {}

    async def query(self, tenant: str, query: IndexQuery) -> list[Match]:
        stored = self._namespaces.get(tenant, {}).values()
        matches = [
            Match(passage, _score(query, vector))
            for passage, vector in stored
            if query.filter is None or _passes(_fields(passage), query.filter)
        ]
        return sorted(matches, key=lambda match: match.score, reverse=True)[: query.top_k]

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        namespace = self._namespaces.setdefault(tenant, {})
        for passage, vector in zip(passages, vectors, strict=True):
            namespace[passage.id] = (passage, vector)

    async def ids(self, tenant: str, document: str | None = None) -> list[str]:
        stored = self._namespaces.get(tenant, {})
        return [key for key, (passage, _) in stored.items() if document in (None, passage.document)]

    async def fetch(self, tenant: str, ids: Sequence[str]) -> dict[str, PassageVector]:
        stored = self._namespaces.get(tenant, {})
        return {key: stored[key][1] for key in ids if key in stored}

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        namespace = self._namespaces.get(tenant, {})
        for key in ids:
            namespace.pop(key, None)


def _score(query: IndexQuery, vector: PassageVector) -> float:
    dense = sum(a * b for a, b in zip(query.dense, vector.dense, strict=True))
    return dense + _dot(query.sparse, vector.sparse)


def _dot(one: SparseVector, other: SparseVector) -> float:
    held = dict(zip(other.indices, other.values, strict=True))
    return sum(value * held.get(index, 0.0) for index, value in zip(one.indices, one.values, strict=True))


def _fields(passage: Passage) -> dict[str, Any]:
    return {**asdict(passage), **passage.metadata}


def _passes(held: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether the fields match a filter; a field that is not there equals nothing."""
    for name, condition in asked.items():
        if name == "$and":
            passed = all(_passes(held, part) for part in condition)
        elif name == "$or":
            passed = any(_passes(held, part) for part in condition)
        elif isinstance(condition, Mapping):
            passed = all(_COMPARISONS[operator](held.get(name), value) for operator, value in condition.items())
        else:
            passed = _COMPARISONS["$eq"](held.get(name), condition)
        if not passed:
            return False
    return True
