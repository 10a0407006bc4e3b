"""Which candidates become matches, and why the others do not."""

from __future__ import annotations

import pytest

from tests.builders import passage
from thinkaloud.knowledge.retrieval.choosing import choose
from thinkaloud.knowledge.retrieval.covering import AGREED, LEANING, RERANKED_COVERS, covers, threshold_for
from thinkaloud.knowledge.retrieval.search import Candidate

LEAVE = "Everybody who has worked here for a year has fourteen days of annual leave. Five of them carry over."


def candidate(text: str, score: float, reranked: float | None = None) -> Candidate:
    return Candidate(passage(text, position=abs(hash(text))), score, reranked)


def fates(candidates: list[Candidate], top_k: int = 5, share: float = 0.0) -> list[str | None]:
    return [each.dropped for each in choose(candidates, top_k, share)[1]]


def test_the_best_ones_are_matches_up_to_top_k() -> None:
    candidates = [candidate(f"Passage number {number}.", 0.9 - number / 10) for number in range(4)]
    matches, told = choose(candidates, 2, 0.0)
    assert [match.passage.text for match in matches] == ["Passage number 0.", "Passage number 1."]
    assert [match.score for match in matches] == [0.9, 0.8]
    assert [each.dropped for each in told] == [None, None, "room", "room"]


def test_what_is_far_below_the_best_is_dropped() -> None:
    candidates = [candidate("Refunds.", 0.8), candidate("Leave.", 0.25), candidate("Shoes.", 0.2)]
    assert fates(candidates, share=0.3) == [None, None, "score"]
    assert fates(candidates) == [None, None, None]


def test_the_same_text_comes_once() -> None:
    spaced = LEAVE.replace(" ", "\n")
    shortened = LEAVE.rpartition(" Five")[0]
    longer = f"{LEAVE} Ask the personnel office."
    candidates = [candidate(text, 0.9) for text in (LEAVE, spaced, shortened, longer, LEAVE.upper())]
    assert fates(candidates) == [None, "duplicate", "duplicate", "duplicate", None]


def test_a_duplicate_takes_no_place() -> None:
    candidates = [candidate(LEAVE, 0.9), candidate(LEAVE + " ", 0.8), candidate("Refunds take five days.", 0.7)]
    matches, _ = choose(candidates, 2, 0.0)
    assert len(matches) == 2


def test_short_texts_that_differ_are_not_duplicates() -> None:
    assert fates([candidate("年假十四天。", 0.9), candidate("病假十天。", 0.8), candidate("", 0.7)]) == [
        None,
        None,
        None,
    ]


def test_the_order_is_that_which_came() -> None:
    """A re-ranker's order stands, and the floor is measured by the raw scores."""
    candidates = [candidate("Refunds.", 0.4, 0.9), candidate("Leave.", 0.9, 0.2)]
    matches, told = choose(candidates, 5, 0.3)
    assert [match.passage.text for match in matches] == ["Refunds.", "Leave."]
    assert [each.reranked for each in told] == [0.9, 0.2]


def test_nothing_comes_of_nothing() -> None:
    assert choose([], 5, 0.3) == ([], [])


def test_the_documents_cover_what_the_best_passage_matches_well_enough() -> None:
    assert covers([candidate("Refunds.", 0.47), candidate("Leave.", 0.1)], 0.47)
    assert not covers([candidate("Refunds.", 0.46)], 0.47)
    assert not covers([], 0.0)


def test_a_re_ranker_has_read_them_and_knows_better() -> None:
    assert covers([candidate("Refunds.", 0.3, RERANKED_COVERS)], 0.47)
    assert not covers([candidate("Refunds.", 0.9, RERANKED_COVERS - 0.01)], 0.47)


@pytest.mark.parametrize(
    ("places", "covered"),
    [
        ([("a", 10), ("a", 12), ("a", 14)], True),
        ([("a", 10), ("b", 0), ("a", 6), ("c", 0), ("a", 11)], True),
        ([("a", 10), ("a", 11)], False),
        ([("a", 10), ("a", 11), ("a", 40), ("a", 15)], False),
        ([("a", 10), ("b", 11), ("b", 12), ("b", 13)], False),
        ([("a", 10), ("b", 0), ("c", 0), ("d", 0), ("e", 0), ("a", 9), ("a", 11)], False),
    ],
)
def test_less_is_enough_where_the_best_passages_stand_together(places: list[tuple[str, int]], covered: bool) -> None:
    candidates = [Candidate(passage(document=document, position=at), 0.4) for document, at in places]
    threshold = threshold_for(candidates, 0.47, leaning=False)
    assert threshold == pytest.approx(0.47 * (AGREED if covered else 1.0))
    assert covers(candidates, threshold) is covered


def test_a_question_that_leans_on_the_conversation_needs_a_little_less() -> None:
    assert threshold_for([], 0.47, leaning=True) == pytest.approx(0.47 * LEANING)
