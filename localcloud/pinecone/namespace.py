"""The rows of one namespace, in memory: found by id, by filter and by nearness."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from localcloud.pinecone.records import Record
from localcloud.pinecone.search import DenseRows, SparseRows, shortlist

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from localcloud.pinecone.filters import Filter
    from localcloud.pinecone.records import Metadata, SparseVector
    from localcloud.pinecone.schema import Schema


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: a dense vector, a sparse one or, in a dotproduct index, the sum of both scores."""

    dense: NDArray[np.float32] | None
    sparse: SparseVector | None
    top_k: int
    matches: Filter | None = None


@dataclass(slots=True)
class Namespace:
    """Records of one index under one name.

    Attributes:
        schema: what the index holds.
        fields: the metadata fields it was created to filter by; None for all. Recorded, not enforced.
    """

    schema: Schema
    fields: tuple[str, ...] | None = None
    _row_of: dict[str, int] = field(default_factory=dict)
    _ids: list[str] = field(default_factory=list)
    _metadata: list[Metadata | None] = field(default_factory=list)
    _sparse: SparseRows = field(default_factory=SparseRows)
    _dense: DenseRows | None = field(init=False)
    _sorted_ids: list[str] | None = None

    def __post_init__(self) -> None:
        self._dense = None if self.schema.dimension is None else DenseRows(self.schema.dimension)

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, record: Record) -> None:
        """Adds a record, in the place of the one with its id."""
        row = self._row_of.get(record.id)
        if row is None:
            row = self._row_of[record.id] = len(self._ids)
            self._ids.append(record.id)
            self._metadata.append(record.metadata)
            self._sorted_ids = None
        else:
            self._metadata[row] = record.metadata
        self._sparse.put(row, record.sparse)
        if self._dense is not None and record.values is not None:
            self._dense.put(row, record.values)

    def get(self, identifier: str) -> Record | None:
        """The record with this id."""
        row = self._row_of.get(identifier)
        return None if row is None else self._record(row)

    def remove(self, identifier: str) -> None:
        """Removes a record, if it is there; the last one takes its row."""
        row = self._row_of.pop(identifier, None)
        if row is None:
            return
        last = self._record(len(self._ids) - 1)
        self._ids.pop()
        self._metadata.pop()
        self._sparse.pop()
        if last.id != identifier:
            self._row_of[last.id] = row
            self._ids[row], self._metadata[row] = last.id, last.metadata
            self._sparse.put(row, last.sparse)
            if self._dense is not None and last.values is not None:
                self._dense.put(row, last.values)
        self._sorted_ids = None

    def sorted_ids(self) -> list[str]:
        """Every id, in the order of its bytes. Not to be changed."""
        if self._sorted_ids is None:
            self._sorted_ids = sorted(self._ids)
        return self._sorted_ids

    def ids_where(self, matches: Filter) -> Iterator[str]:
        """The ids of the records whose metadata matches, in the order of their bytes."""
        return (id_ for id_ in self.sorted_ids() if matches(self._metadata[self._row_of[id_]] or {}))

    def count_where(self, matches: Filter) -> int:
        """How many records' metadata matches."""
        return sum(1 for metadata in self._metadata if matches(metadata or {}))

    def search(self, query: Query) -> list[tuple[float, Record]]:
        """The nearest records with their scores, nearest first, at most `query.top_k`; equal scores go by id.

        Nearer is a higher score, but with the euclidean metric a lower one.
        """
        rows = self._rows_where(query.matches)
        if not rows.size:
            return []
        metric = self.schema.metric
        extra = np.zeros(rows.size) if query.sparse is None else self._sparse.dots(query.sparse)[rows]
        estimates, error = extra, 0.0
        if self._dense is not None and query.dense is not None:
            dense, error = self._dense.estimate(query.dense, metric, rows)
            estimates = dense + extra
        near = shortlist(estimates, error, query.top_k)
        scores = extra[near]
        if self._dense is not None and query.dense is not None:
            scores = scores + self._dense.score(query.dense, metric, rows[near])
        sign = 1.0 if metric == "euclidean" else -1.0
        ranked = sorted((sign * score, self._ids[row], row) for score, row in zip(scores, rows[near], strict=True))
        return [(sign * key, self._record(row)) for key, _, row in ranked[: query.top_k]]

    def _rows_where(self, matches: Filter | None) -> NDArray[np.int64]:
        if matches is None:
            return np.arange(len(self._ids))
        return np.array([row for row, kept in enumerate(self._metadata) if matches(kept or {})], np.int64)

    def _record(self, row: int) -> Record:
        values = None if self._dense is None else self._dense.get(row)
        return Record(self._ids[row], values, self._sparse.get(row), self._metadata[row])
