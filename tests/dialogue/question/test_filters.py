"""A client's filter is flat equality or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.dialogue.question.filters import LONGEST, MOST_CONDITIONS, MOST_VALUES, read_filter
from thinkaloud.errors import InvalidFrame


@pytest.mark.parametrize(
    ("wanted", "read"),
    [
        (None, None),
        ({}, None),
        ({"department": "hr"}, {"department": {"$eq": "hr"}}),
        ({"部门": "hr"}, InvalidFrame),
        ({"year": {"$in": [2024, 2025.5, "x", True]}}, {"year": {"$in": [2024, 2025.5, "x", True]}}),
        ({"draft": {"$eq": False}, "year": 2025}, {"draft": {"$eq": False}, "year": {"$eq": 2025}}),
        ({"a": "x" * LONGEST}, {"a": {"$eq": "x" * LONGEST}}),
    ],
)
def test_a_filter_is_read(wanted: Any, read: Any) -> None:
    if read is InvalidFrame:
        with pytest.raises(InvalidFrame):
            read_filter({"filter": wanted})
    else:
        assert read_filter({"filter": wanted}) == read


@pytest.mark.parametrize(
    "wanted",
    [
        "hr",
        ["hr"],
        7,
        {"$or": [{"a": 1}, {"b": 2}]},
        {"$and": []},
        {"a": {"$ne": 1}},
        {"a": {"$gt": 1}},
        {"a": {"$exists": True}},
        {"a": {"$eq": 1, "$in": [1]}},
        {"a": {"$eq": {"$eq": 1}}},
        {"a": {"$in": []}},
        {"a": {"$in": "abc"}},
        {"a": {"$in": [[1]]}},
        {"a": {"$in": [None]}},
        {"a": {"$in": list(range(MOST_VALUES + 1))}},
        {"a": None},
        {"a": [1]},
        {"a": {}},
        {"": 1},
        {"a b": 1},
        {"x" * 65: 1},
        {"a": "x" * (LONGEST + 1)},
        {f"a{number}": 1 for number in range(MOST_CONDITIONS + 1)},
    ],
)
def test_anything_else_is_refused_with_a_reason(wanted: Any) -> None:
    with pytest.raises(InvalidFrame, match=r"metadata\.filter"):
        read_filter({"filter": wanted})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$eq", "$in", "$or", "a", "b"]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_nothing_but_equality_comes_through(wanted: Any) -> None:
    try:
        read = read_filter({"filter": wanted})
    except InvalidFrame:
        return
    for name, condition in (read or {}).items():
        assert not name.startswith("$")
        [(operator, value)] = condition.items()
        assert operator in ("$eq", "$in")
        values = value if operator == "$in" else [value]
        assert all(isinstance(each, str | int | float | bool) for each in values)
