"""A record and its parts, checked as the service checks them before anything is stored.

Limits: https://docs.pinecone.io/reference/api/database-limits. Messages are the service's own where they are known,
because people search for them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from localcloud.pinecone.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Value = str | float | bool | list[str]
Metadata = dict[str, Value]

MAX_ID_CHARACTERS = 512
MAX_NAMESPACE_CHARACTERS = 512
MAX_METADATA_BYTES = 40_960
MAX_DIMENSION = 20_000
MAX_SPARSE_ENTRIES = 2_048
MAX_SPARSE_INDEX = 4_294_967_295
#: The name by which the namespace of requests that name none is known.
DEFAULT_NAMESPACE = "__default__"
_SHOWN_BYTES = 16


@dataclass(frozen=True, slots=True, eq=False)
class SparseVector:
    """The non-zero places of a sparse vector: `indices` int64 and unique, `values` float32, equally long."""

    indices: NDArray[np.int64]
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One stored record. `values` is float32 of the index's dimension, None in a sparse index."""

    id: str
    values: NDArray[np.float32] | None = None
    sparse: SparseVector | None = None
    metadata: Metadata | None = None


def check_id(identifier: str) -> str:
    """A legal record id: 1 to 512 ASCII characters without NUL. Anything else is refused."""
    if not identifier:
        raise invalid("Vector ID must not be empty")
    if not _is_ascii(identifier):
        raise invalid(f"Vector ID must be ASCII, but got '{identifier[:80]}'")
    if len(identifier) > MAX_ID_CHARACTERS:
        raise invalid(
            f"Vector ID is {len(identifier)} characters, which exceeds the limit of {MAX_ID_CHARACTERS} characters"
        )
    return identifier


def check_namespace(name: str) -> str:
    """The name a namespace is stored under: `__default__` for none, else 1 to 512 ASCII characters without NUL."""
    if not name:
        return DEFAULT_NAMESPACE
    if not _is_ascii(name):
        raise invalid(f"Namespace name must be ASCII, but got '{name[:80]}'")
    if len(name) > MAX_NAMESPACE_CHARACTERS:
        raise invalid(
            f"Namespace name is {len(name)} characters, which exceeds the limit of {MAX_NAMESPACE_CHARACTERS}"
        )
    return name


def dense_vector(values: Sequence[float], dimension: int) -> NDArray[np.float32]:
    """`values` as float32, refused unless there are `dimension` of them and each is finite in that precision."""
    if len(values) != dimension:
        raise invalid(f"Vector dimension {len(values)} does not match the dimension of the index {dimension}")
    return _float32(values, "Vector values")


def sparse_vector(indices: Sequence[int], values: Sequence[float]) -> SparseVector:
    """A sparse vector of 1 to 2,048 entries, each index once and within 32 bits."""
    if len(indices) != len(values):
        raise invalid(
            f"Sparse vector has {len(indices)} indices and {len(values)} values; there must be as many of each"
        )
    if not indices:
        raise invalid("Sparse vector must contain at least one value")
    if len(indices) > MAX_SPARSE_ENTRIES:
        raise invalid(f"Sparse vector size {len(indices)} exceeds the maximum size of {MAX_SPARSE_ENTRIES}")
    if min(indices) < 0 or max(indices) > MAX_SPARSE_INDEX:
        raise invalid(f"Sparse vector indices must be between 0 and {MAX_SPARSE_INDEX}")
    if len(set(indices)) != len(indices):
        raise invalid("Sparse vector must not contain duplicate indices")
    return SparseVector(np.asarray(indices, np.int64), _float32(values, "Sparse vector values"))


def as_float(number: float) -> float:
    """`number` as the service holds it, 64 bits; infinity for an integer that no float can hold."""
    try:
        return float(number)
    except OverflowError:  # an integer of more than 308 digits
        return math.inf


def read_metadata(raw: Mapping[str, Any]) -> Metadata:
    """Metadata as the service stores it: nulls dropped, every number a 64-bit float.

    An integer comes back as a float (`3` as `3.0`), as it does from the service. Refused: a key that starts with `$`,
    a value of another type than string, number, boolean or list of strings, and more than 40 KB in all.
    """
    metadata = {key: _value(key, value) for key, value in raw.items() if value is not None}
    check_metadata_size(metadata)
    return metadata


def check_metadata_size(metadata: Metadata) -> None:
    """Refuses metadata whose compact JSON is larger than 40,960 bytes."""
    size = len(_compact(metadata).encode())
    if size > MAX_METADATA_BYTES:
        raise invalid(
            f"Metadata size is {size} bytes, which exceeds the limit of {MAX_METADATA_BYTES} bytes per vector"
        )


def _value(key: str, value: object) -> Value:
    if key.startswith("$"):
        raise invalid(f"Metadata field '{key}' cannot start with '$'")
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and math.isfinite(number := as_float(value)):
        return number
    if isinstance(value, list) and all(isinstance(element, str) for element in value):
        return value
    shown = _compact(_numbers_as_floats(value)).encode()
    text = shown[:_SHOWN_BYTES].decode(errors="ignore") + ("..." if len(shown) > _SHOWN_BYTES else "")
    raise invalid(
        f"Metadata value must be a string, number, boolean or list of strings, got '{text}' for field '{key}'"
    )


def _numbers_as_floats(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_float(value)
    if isinstance(value, dict):
        return {key: _numbers_as_floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers_as_floats(inner) for inner in value]
    return value


def _float32(values: Sequence[float], what: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        array = np.asarray(values, np.float64).astype(np.float32)
    if not np.isfinite(array).all():
        raise invalid(f"{what} must be finite 32-bit floating point numbers")
    return array


def _is_ascii(text: str) -> bool:
    return text.isascii() and "\0" not in text


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
