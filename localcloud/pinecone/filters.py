"""Metadata filters: the service's dialect of MongoDB's query language, compiled once and asked of every record.

`{"genre": "drama", "year": {"$gte": 2020}}` holds where every one of its conditions holds. A field with a list of
strings satisfies `$eq` and `$in` when one of its elements does; `$ne` and `$nin` are their exact opposites, so they
also hold where the field is missing. Types never mix: `true` is not 1, and `"1"` is not 1.

https://docs.pinecone.io/guides/search/filter-by-metadata
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.pinecone.errors import invalid
from localcloud.pinecone.records import as_float

if TYPE_CHECKING:
    from localcloud.pinecone.records import Value

Filter = Callable[[Mapping[str, "Value"]], bool]
_Condition = Callable[["Value | None"], bool]

MAX_LIST_VALUES = 10_000
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def compile_filter(expression: Mapping[str, Any]) -> Filter:
    """A predicate over a record's metadata. An empty expression holds everywhere; a malformed one is refused."""
    clauses = [_clause(key, value) for key, value in expression.items()]
    if len(clauses) == 1:
        return clauses[0]
    return lambda metadata: all(clause(metadata) for clause in clauses)


def _clause(key: str, value: object) -> Filter:
    if key in ("$and", "$or"):
        branches = _branches(key, value)
        if key == "$and":
            return lambda metadata: all(branch(metadata) for branch in branches)
        return lambda metadata: any(branch(metadata) for branch in branches)
    if key.startswith("$"):
        raise invalid(f"Invalid filter: '{key}' is not allowed here; only $and and $or may stand in place of a field")
    condition = _conditions(key, value) if isinstance(value, dict) else _equal(key, "$eq", value)
    return lambda metadata: condition(metadata.get(key))


def _branches(key: str, value: object) -> list[Filter]:
    if not isinstance(value, list) or not value or not all(isinstance(branch, dict) and branch for branch in value):
        raise invalid(f"Invalid filter: {key} takes a non-empty list of non-empty filters")
    return [compile_filter(branch) for branch in value]


def _conditions(field: str, operators: dict[str, Any]) -> _Condition:
    if not operators:
        raise invalid(f"Invalid filter: field '{field}' has no condition")
    conditions = [_condition(field, name, operand) for name, operand in operators.items()]
    return lambda value: all(condition(value) for condition in conditions)


def _condition(field: str, name: str, operand: object) -> _Condition:
    if name == "$eq":
        return _equal(field, name, operand)
    if name == "$ne":
        return _not(_equal(field, name, operand))
    if name == "$in":
        return _member(field, name, operand)
    if name == "$nin":
        return _not(_member(field, name, operand))
    if name == "$exists":
        if not isinstance(operand, bool):
            raise invalid(f"Invalid filter: $exists of field '{field}' takes true or false")
        return lambda value: (value is not None) is operand
    if name in _ORDER:
        return _ordered(field, name, operand)
    raise invalid(f"Invalid filter: '{name}' of field '{field}' is not an operator")


def _equal(field: str, name: str, operand: object) -> _Condition:
    kind, wanted = _typed(field, name, operand)

    def holds(value: Value | None) -> bool:
        if isinstance(value, list):
            return wanted in value
        return type(value) is kind and value == wanted

    return holds


def _member(field: str, name: str, operand: object) -> _Condition:
    if not isinstance(operand, list):
        raise invalid(f"Invalid filter: {name} of field '{field}' takes a list of values")
    if len(operand) > MAX_LIST_VALUES:
        raise invalid(f"Invalid filter: {name} of field '{field}' takes at most {MAX_LIST_VALUES} values")
    wanted = frozenset(_typed(field, name, element) for element in operand)

    def holds(value: Value | None) -> bool:
        if isinstance(value, list):
            return any((str, element) in wanted for element in value)
        return (type(value), value) in wanted

    return holds


def _ordered(field: str, name: str, operand: object) -> _Condition:
    if isinstance(operand, bool) or not isinstance(operand, int | float) or not math.isfinite(as_float(operand)):
        raise invalid(f"Invalid filter: {name} of field '{field}' takes a number")
    compare, bound = _ORDER[name], as_float(operand)

    def holds(value: Value | None) -> bool:
        return isinstance(value, float) and compare(value, bound)

    return holds


def _not(condition: _Condition) -> _Condition:
    return lambda value: not condition(value)


def _typed(field: str, name: str, operand: object) -> tuple[type, object]:
    """A scalar with its type, because Python calls `True` and `1.0` equal."""
    if isinstance(operand, bool):
        return bool, operand
    if isinstance(operand, str):
        return str, operand
    if isinstance(operand, int | float):
        return float, as_float(operand)
    raise invalid(f"Invalid filter: {name} of field '{field}' takes strings, numbers or booleans")
