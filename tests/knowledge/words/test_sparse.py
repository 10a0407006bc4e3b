"""The dot product of a question and a passage is the share of the question that the passage holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.knowledge.index import SparseVector
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.sparse import MOST_ENTRIES, MOST_QUERY_TERMS, number_of, passage_vector, query_vector
from thinkaloud.knowledge.words.terms import terms


def counted(*passages: str) -> Lexicon:
    lexicon = Lexicon()
    for passage in passages:
        lexicon.count(passage_vector(passage).indices)
    return lexicon


def score(question: str, passage: str, lexicon: Lexicon | None = None, context: str = "") -> float:
    asked = query_vector(question, context, lexicon or Lexicon())
    held = dict(zip(*_pair(passage_vector(passage)), strict=True))
    return sum(value * held.get(number, 0.0) for number, value in zip(*_pair(asked), strict=True))


def _pair(vector: SparseVector) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return vector.indices, vector.values


ENGLISH, CHINESE = "A refund takes five working days.", "退款需要五个工作日。"


def test_a_passage_that_holds_all_of_the_question_has_about_1() -> None:
    assert score("refund working days", ENGLISH) == pytest.approx(1.2, abs=0.15)
    assert score("退款 工作日", CHINESE) == pytest.approx(1.2, abs=0.2)


def test_a_passage_that_holds_none_of_it_has_nothing() -> None:
    assert score("holiday bonus", ENGLISH) == 0.0
    assert score("？！", ENGLISH) == 0.0


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    lexicon = counted(*(f"The shop sells tent number {number}." for number in range(50)), "The shop sells a kayak.")
    assert score("shop kayak", "a kayak", lexicon) > 3 * score("shop kayak", "a shop", lexicon)


def test_without_statistics_words_of_substance_are_alike() -> None:
    assert score("shop kayak", "a kayak") == pytest.approx(score("shop kayak", "a shop"))


def test_the_context_counts_half() -> None:
    alone = query_vector("contractors", "annual leave", Lexicon())
    worth = dict(zip(*_pair(alone), strict=True))
    (own,), context = list(terms("contractors")), list(terms("annual leave"))
    assert [worth[number_of(term)] for term in context] == pytest.approx([worth[number_of(own)] / 2] * 2)
    assert sum(alone.values) == pytest.approx(1.0)


def test_the_question_has_the_last_word_on_a_term_of_the_context() -> None:
    assert query_vector("leave", "leave", Lexicon()) == query_vector("leave", "", Lexicon())


def test_a_border_between_two_chinese_words_is_no_information() -> None:
    lexicon = counted("年假怎么申请", "病假有几天", "工资每月发")
    # 假几 stands in no passage, between two pairs that do.
    assert score("年假几天", "年假 几天", lexicon) > 0.95
    # 团建活 does neither, and is a word that nobody wrote.
    assert score("团建活动几天", "几天", lexicon) < 0.5


def test_what_is_too_long_keeps_what_says_most() -> None:
    words = " ".join(f"word{number}" for number in range(3_000))
    assert len(passage_vector(f"{words} {words} tent tent tent").indices) == MOST_ENTRIES
    assert number_of("tent") in passage_vector(f"{words} tent tent tent").indices
    assert len(query_vector(words, "", Lexicon()).indices) == MOST_QUERY_TERMS


def test_another_process_has_the_same_numbers() -> None:
    assert [number_of("refund"), number_of("退款")] == [1_529_615_448, 1_597_123_644]


@given(st.text(), st.text())
def test_vectors_are_what_the_index_takes(text: str, context: str) -> None:
    for vector in (passage_vector(text), query_vector(text, context, counted(text))):
        assert list(vector.indices) == sorted(set(vector.indices))
        assert all(0 <= index < 2**32 for index in vector.indices)
        assert all(value > 0 for value in vector.values)
