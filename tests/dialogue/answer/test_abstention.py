"""Where the documents do not answer, the closest of them are named, each once, in words of our own."""

from __future__ import annotations

import pytest

from tests.builders import match
from thinkaloud.dialogue.answer.abstention import CLOSEST, closest, uncovered
from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.retrieval.search import Candidate, Retrieval
from thinkaloud.language import Language, language_of


def found(matches: list[Match], *others: Match) -> Retrieval:
    candidates = [Candidate(each.passage, each.score) for each in (*matches, *others)]
    return Retrieval(matches, candidates, covered=False, threshold=0.4)


def test_each_document_is_named_once_by_its_best_passage() -> None:
    near = [match("One.", document="a"), match("Two.", document="a", position=1), match("Three.", document="b")]
    assert closest(found(near)) == [near[0], near[2]]


def test_what_was_left_out_as_too_far_off_can_still_be_named() -> None:
    far = match("Far.", score=0.01, document="z")
    assert closest(found([], far)) == [far]


def test_no_more_than_a_few_are_named() -> None:
    assert len(closest(found([match(document=str(number)) for number in range(9)]))) == CLOSEST


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_words_are_in_the_questions_language(language: Language) -> None:
    assert language_of(uncovered([], language)) == language


@pytest.mark.parametrize("title", ["[7] x", "a](javascript:alert(1))", "<b>x</b>", "# x", "a\n\n- b", "`x`", "![x]"])
def test_a_title_is_no_markup_and_no_marker(title: str) -> None:
    words = uncovered([match(title=title)], "en")
    assert words.count("[") == words.count("]") == 1
    assert not set("<>#`(\n") & set(words)


def test_a_document_without_a_title_has_a_place_all_the_same() -> None:
    assert uncovered([match(title="[]")], "zh").endswith("《…》[1]。")
