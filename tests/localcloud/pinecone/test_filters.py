"""Metadata filters: each operator by example, and all of them together against a plain reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.pinecone.errors import ServiceError
from localcloud.pinecone.filters import compile_filter
from localcloud.pinecone.records import Metadata, read_metadata

FILM: dict[str, Any] = {"genre": ["comedy", "drama"], "year": 2020, "title": "青禾", "colour": True, "empty": []}


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"title": "青禾"},
        {"title": {"$eq": "青禾"}},
        {"genre": "comedy"},
        {"genre": {"$in": ["drama", "horror"]}},
        {"genre": {"$nin": ["horror"]}},
        {"genre": {"$ne": "horror"}},
        {"year": 2020.0},
        {"year": {"$gt": 2019, "$lt": 2021}},
        {"year": {"$gte": 2020, "$lte": 2020}},
        {"year": {"$in": [2019, 2020]}},
        {"year": {"$ne": "2020"}},
        {"colour": True},
        {"colour": {"$ne": 1}},
        {"missing": {"$exists": False}},
        {"missing": {"$ne": "x"}},
        {"missing": {"$nin": ["x"]}},
        {"empty": {"$exists": True}},
        {"empty": {"$ne": "x"}},
        {"$and": [{"year": 2020}, {"genre": "drama"}]},
        {"$or": [{"year": 1999}, {"$and": [{"title": "青禾"}, {"colour": True}]}]},
        {"year": 2020, "$or": [{"genre": "comedy"}, {"genre": "horror"}]},
        {"year": {"$lt": 1e308}},
    ],
)
def test_holds(expression: dict[str, Any]) -> None:
    assert compile_filter(expression)(read_metadata(FILM))


@pytest.mark.parametrize(
    "expression",
    [
        {"title": "青"},
        {"genre": {"$ne": "comedy"}},
        {"genre": {"$nin": ["drama"]}},
        {"genre": {"$gt": 1}},
        {"year": "2020"},
        {"year": {"$gt": 2020}},
        {"year": {"$in": []}},
        {"colour": 1},
        {"colour": {"$gte": 1}},
        {"missing": "x"},
        {"missing": {"$exists": True}},
        {"missing": {"$lt": 1}},
        {"empty": "x"},
        {"year": 2020, "title": "another"},
        {"$and": [{"year": 2020}, {"year": 2021}]},
        {"$or": [{"year": 2019}, {"year": 2021}]},
    ],
)
def test_does_not_hold(expression: dict[str, Any]) -> None:
    assert not compile_filter(expression)(read_metadata(FILM))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"$gt": 1}, "only \\$and and \\$or"),
        ({"$not": {"year": 1}}, "only \\$and and \\$or"),
        ({"year": {}}, "has no condition"),
        ({"year": {"$near": 1}}, "'\\$near' of field 'year' is not an operator"),
        ({"year": {"gt": 1}}, "'gt' of field 'year' is not an operator"),
        ({"year": {"$gt": "1"}}, "takes a number"),
        ({"year": {"$gt": True}}, "takes a number"),
        ({"year": {"$lt": float("nan")}}, "takes a number"),
        ({"year": {"$lt": 10**400}}, "takes a number"),
        ({"genre": ["comedy", "drama"]}, "takes strings, numbers or booleans"),
        ({"genre": {"$eq": ["comedy"]}}, "takes strings, numbers or booleans"),
        ({"genre": None}, "takes strings, numbers or booleans"),
        ({"genre": {"$in": "comedy"}}, "takes a list"),
        ({"genre": {"$in": [None]}}, "takes strings, numbers or booleans"),
        ({"genre": {"$in": ["x"] * 10_001}}, "at most 10000"),
        ({"genre": {"$exists": 1}}, "takes true or false"),
        ({"$and": []}, "non-empty list"),
        ({"$and": {"year": 1}}, "non-empty list"),
        ({"$or": [{}]}, "non-empty list"),
        ({"$or": ["year"]}, "non-empty list"),
    ],
)
def test_refuses(expression: dict[str, Any], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        compile_filter(expression)


# -- against a reference -----------------------------------------------------------------------------------------

FIELDS = ["genre", "year", "标题"]
SCALARS = st.one_of(st.sampled_from(["a", "b", "1", "春"]), st.booleans(), st.sampled_from([0, 1, 1.5, -2]))
METADATA = st.dictionaries(
    st.sampled_from(FIELDS), st.one_of(SCALARS, st.lists(st.sampled_from(["a", "b", "春"]), max_size=3))
)
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), SCALARS),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(SCALARS, max_size=3)),
    st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), st.sampled_from([0, 1, 1.5, -2])),
    st.tuples(st.just("$exists"), st.booleans()),
)
LEAVES = st.dictionaries(
    st.sampled_from(FIELDS), st.one_of(SCALARS, st.lists(OPERATIONS, min_size=1, max_size=2).map(dict)), max_size=2
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or"]), st.lists(inner.filter(bool), min_size=1, max_size=3), min_size=1
    ),
    max_leaves=6,
)


def reference(expression: dict[str, Any], metadata: Metadata) -> bool:
    """What the documentation says, one operator after another, with no thought for speed."""
    for key, value in expression.items():
        if key == "$and":
            holds = all(reference(branch, metadata) for branch in value)
        elif key == "$or":
            holds = any(reference(branch, metadata) for branch in value)
        else:
            operations = value if isinstance(value, dict) else {"$eq": value}
            holds = all(operation(name, operand, metadata, key) for name, operand in operations.items())
        if not holds:
            return False
    return True


def operation(name: str, operand: Any, metadata: Metadata, field: str) -> bool:
    stored = metadata.get(field)
    held = stored if isinstance(stored, list) else [] if stored is None else [stored]

    def same(left: object, right: object) -> bool:
        return left == right and isinstance(left, bool) == isinstance(right, bool)

    equal = any(same(each, operand) for each in held)
    member = isinstance(operand, list) and any(same(each, wanted) for each in held for wanted in operand)
    if name in ("$gt", "$gte", "$lt", "$lte"):
        if not isinstance(stored, float):
            return False
        return {
            "$gt": stored > operand,
            "$gte": stored >= operand,
            "$lt": stored < operand,
            "$lte": stored <= operand,
        }[name]
    return {
        "$eq": equal,
        "$ne": not equal,
        "$in": member,
        "$nin": not member,
        "$exists": (field in metadata) is operand,
    }[name]


@given(expression=EXPRESSIONS, raw=METADATA)
def test_agrees_with_the_reference(expression: dict[str, Any], raw: dict[str, Any]) -> None:
    metadata = read_metadata(raw)
    assert compile_filter(expression)(metadata) is reference(expression, metadata)
