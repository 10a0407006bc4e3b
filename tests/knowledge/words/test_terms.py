"""What counts as the same word in a question and in a passage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.knowledge.words.terms import han_pairs, terms, weight


def found(text: str) -> list[str]:
    return sorted(set(terms(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Refunds", "refund"),
        ("returning", "returned"),
        ("policies", "policy"),
        ("1,200", "1200"),
        ("ＲＶ－１２", "rv-12"),
        ("the company's", "the company"),
        ("退款", "退款"),
        ("㈱", "(株)"),
    ],
)
def test_the_same_word_is_the_same_term(one: str, other: str) -> None:
    assert found(one) == found(other)


@pytest.mark.parametrize(("one", "other"), [("university", "universe"), ("3.5", "35"), ("退款", "退货")])
def test_other_words_are_other_terms(one: str, other: str) -> None:
    assert found(one) != found(other)


def test_a_code_is_found_whole_and_by_its_parts() -> None:
    assert found("RV-12/b") == ["12", "b", "rv", "rv-12/b"]
    assert found("well-known") == ["known", "well"]


def test_chinese_is_found_by_pairs_and_by_characters() -> None:
    assert list(terms("年假制")) == ["年", "假", "制", "年假", "假制"]
    assert list(terms("2026年假期")) == ["2026", "年", "假", "期", "年假", "假期"]
    assert list(han_pairs("年假制，and 病假")) == [["年假", "假制"], ["病假"]]


def test_grammar_says_less_than_substance_and_a_character_less_than_a_pair() -> None:
    assert weight("refund") > weight("what") > 0
    assert weight("年假") > weight("是年") > weight("是的") > 0
    assert weight("年假") > weight("年") > weight("的") > 0
    assert weight("什麼") == weight("什么"), "in both scripts"


@given(st.text())
def test_any_text_has_terms_or_none(text: str) -> None:
    assert all(term and weight(term) > 0 for term in terms(text))


def test_half_a_character_does_no_harm() -> None:
    assert list(terms("a\ud83db")) == ["a", "b"]
