"""JSON and JSON Lines: records in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.documents.conftest import Blocks, Refusal
from thinkaloud.knowledge.documents import Block, json_values


def test_a_record_is_its_paths_and_values(blocks: Blocks) -> None:
    value = """{"name": "户外靴", "price": 1.10, "in stock": true, "note": null, "tags": ["warm", 3],
    "sizes": [{"eu": 42}, {"eu": 43, "left": [1, [2]]}], "maker": {"city": "Berlin"}}"""
    [block] = blocks("a.json", f"[{value}]")
    assert block.text == (
        "name: 户外靴\nprice: 1.10\nin stock: true\ntags: warm, 3\nsizes[1].eu: 42\nsizes[2].eu: 43\n"
        "sizes[2].left[1]: 1\nsizes[2].left[2]: 2\nmaker.city: Berlin"
    )


def test_a_list_of_words_is_one_paragraph(blocks: Blocks) -> None:
    assert blocks("a.json", '["warm", "dry", null, 3]') == [Block("text", "warm, dry, 3")]


def test_lists_in_an_object_are_sections(blocks: Blocks) -> None:
    assert blocks("a.json", '{"shop": "Qinghe", "boots": [{"size": 42}, {"size": 43}]}') == [
        Block("text", "shop: Qinghe"),
        Block("heading", "boots", 1),
        Block("text", "size: 42"),
        Block("text", "size: 43"),
    ]


def test_lines_are_records(blocks: Blocks) -> None:
    assert blocks("a.jsonl", '\ufeff{"a": 1}\r\n\n{"a": 2}\n"bare"') == [
        Block("text", "a: 1"),
        Block("text", "a: 2"),
        Block("text", "bare"),
    ]


@pytest.mark.parametrize("content", ["{", "{'a': 1}", "a: 1", "[1, 2,]", '{"a": 1} {"b": 2}'])
def test_what_is_no_json_is_said_with_its_place(refusal: Refusal, content: str) -> None:
    code, message = refusal("a.json", content)
    assert code == "broken"
    assert "line 1 column" in message


def test_a_broken_line_is_named(refusal: Refusal) -> None:
    code, message = refusal("a.jsonl", '{"a": 1}\n{"a": \n')
    assert (code, message.startswith("a.jsonl: line 2 is not JSON")) == ("broken", True)


@pytest.mark.parametrize("content", ["[" * 100_000, "[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60])
def test_depth_has_an_end(refusal: Refusal, content: str) -> None:
    code, message = refusal("a.json", content)
    assert code == "broken"
    assert "deep" in message


def test_one_value_over_the_limit_is_refused(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "MAX_BYTES", 100)
    code, message = refusal("a.json", json.dumps(["x" * 100]))
    assert code == "too_large"
    assert ".jsonl" in message


def test_half_a_character_does_no_harm(blocks: Blocks) -> None:
    [block] = blocks("a.json", r'{"a": "x\ud800y", "n": 1e999, "big": ' + "9" * 5_000 + "}")
    assert block.text.encode()
    assert block.text.startswith("a: xy\nn: 1e999\nbig: 999")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(VALUES)
def test_any_value_can_be_said(value: object) -> None:
    for block in json_values.record(value):
        assert block.text.strip()
