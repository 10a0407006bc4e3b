"""What an index takes: vectors on the wire become records and queries, or are refused.

The order of the checks is the service's, as far as it shows: the id, then the vector, then its sparse part.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from localcloud.pinecone.errors import invalid
from localcloud.pinecone.records import (
    Record,
    SparseVector,
    check_id,
    check_metadata_size,
    dense_vector,
    read_metadata,
    sparse_vector,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from localcloud.pinecone.requests import QueryVectors, SparseValues, Update, Vector
    from localcloud.pinecone.schema import Schema

#: A dense vector whose values are all smaller than this counts as all zeros.
SMALLEST_VALUE = 1e-8


def record_of(schema: Schema, vector: Vector) -> Record:
    """The record to store for `vector`. Every one in a dense index has dense values, in a sparse index sparse ones."""
    record = Record(check_id(vector.id), metadata=read_metadata(vector.metadata or {}) or None)
    if schema.dimension is not None or vector.values:
        record = replace(record, values=_dense(schema, vector.values, record.id))
    if vector.sparse_values is not None:
        return replace(record, sparse=_sparse(schema, vector.sparse_values))
    if schema.dimension is None:
        raise invalid(f"Sparse vector must contain at least one value. Vector ID '{record.id}' has none")
    return record


def changed(schema: Schema, record: Record, update: Update) -> Record:
    """`record` with the parts that `update` carries. Metadata is merged, and its size checked as a whole."""
    if update.values is not None:
        record = replace(record, values=_dense(schema, update.values, record.id))
    if update.sparse_values is not None:
        record = replace(record, sparse=_sparse(schema, update.sparse_values))
    if update.set_metadata:
        metadata = {**(record.metadata or {}), **read_metadata(update.set_metadata)}
        check_metadata_size(metadata)
        record = replace(record, metadata=metadata or None)
    return record


def target_of(schema: Schema, query: QueryVectors) -> tuple[NDArray[np.float32] | None, SparseVector | None]:
    """The dense and the sparse vector that `query` carries; neither where it names a record."""
    if query.id is not None:
        if query.vector is not None or query.sparse_vector is not None:
            raise invalid("Cannot provide both 'ID' and 'vector' at the same time")
        return None, None
    sparse = None if query.sparse_vector is None else _sparse(schema, query.sparse_vector)
    if query.vector is not None:
        return _of_length(schema, query.vector), sparse
    if sparse is None:
        raise invalid("Provide one of 'vector', 'sparseVector' and 'id'")
    if schema.dimension is not None:
        raise invalid("Cannot query index with dense 'vector_type' with only sparse vector")
    return None, sparse


def _dense(schema: Schema, values: Sequence[float], identifier: str) -> NDArray[np.float32]:
    vector = _of_length(schema, values)
    if float(np.abs(vector).max()) < SMALLEST_VALUE:
        raise invalid(
            f"Dense vectors must contain at least one non-zero value. Vector ID '{identifier}' contains only zeros"
        )
    return vector


def _of_length(schema: Schema, values: Sequence[float]) -> NDArray[np.float32]:
    if schema.dimension is None:
        raise invalid("Index configuration does not support dense values - this index is sparse")
    return dense_vector(values, schema.dimension)


def _sparse(schema: Schema, wire: SparseValues) -> SparseVector:
    if not schema.takes_sparse:
        raise invalid(
            "Index configuration does not support sparse values - "
            "only indexes that are sparse or using dotproduct are supported"
        )
    return sparse_vector(wire.indices, wire.values)
