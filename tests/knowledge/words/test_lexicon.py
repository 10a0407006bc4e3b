"""A tenant's term statistics: never too few, small, the same after a journey, and each change once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.words.lexicon import REMEMBERED, Lexicon

numbers = st.integers(0, 2**32 - 1)


def counted(*passages: list[int]) -> Lexicon:
    lexicon = Lexicon()
    for passage in passages:
        lexicon.count(passage)
    return lexicon


@given(st.lists(st.sets(numbers, max_size=5), max_size=20))
def test_no_term_is_counted_too_seldom(passages: list[set[int]]) -> None:
    lexicon = counted(*map(list, passages))
    assert lexicon.passages == len(passages)
    for number in set().union(*passages):
        assert lexicon.held_by(number) >= sum(number in passage for passage in passages)


def test_what_is_rare_says_more() -> None:
    lexicon = counted(*([1] for _ in range(99)), [1, 2])
    assert lexicon.rarity(3) > lexicon.rarity(2) > 10 * lexicon.rarity(1) > 0


def test_where_nothing_is_counted_all_terms_are_alike() -> None:
    assert Lexicon().rarity(1) == Lexicon().rarity(2) == 1.0


def test_a_change_adds_and_takes_back() -> None:
    lexicon = counted([1, 2], [2, 3])
    lexicon.change(counted([4]), counted([1, 2]))
    assert lexicon.passages == 2
    assert [lexicon.held_by(number) for number in (1, 2, 3, 4)] == [0, 1, 1, 1]


def test_nothing_falls_below_0() -> None:
    lexicon = counted([1])
    lexicon.change(Lexicon(), counted([1], [1], [2]))
    assert (lexicon.passages, lexicon.held_by(1), lexicon.held_by(2)) == (0, 0, 0)


def test_a_counter_that_is_full_stays_full() -> None:
    lexicon = Lexicon()
    for _ in range(65_540):
        lexicon.count([7])
    assert (lexicon.passages, lexicon.held_by(7)) == (65_540, 65_535)
    lexicon.change(Lexicon(), counted(*([7] for _ in range(10))))
    assert lexicon.held_by(7) == 65_535
    assert lexicon.rarity(7) < 0.001


def test_it_is_the_same_after_a_journey() -> None:
    lexicon = counted([1, 2**32 - 1], [1])
    lexicon.note("d0c5", b"first")
    travelled = Lexicon.from_bytes(lexicon.to_bytes())
    assert travelled.to_bytes() == lexicon.to_bytes()
    assert (travelled.passages, travelled.held_by(1), travelled.held_by(2**32 - 1)) == (2, 2, 1)
    assert travelled.knows("d0c5", b"first")


def test_it_fits_into_an_item_however_much_is_counted() -> None:
    chance = random.Random(1)
    lexicon = Lexicon()
    for cell in range(65_536):
        lexicon._low[cell], lexicon._high[cell] = chance.randrange(65_536), chance.randrange(65_536)
    for document in range(2 * REMEMBERED):
        lexicon.note(f"document-{document}", b"change")
    assert len(lexicon.to_bytes()) < 300_000 < 400 * 1024
    assert len(counted([1, 2, 3]).to_bytes()) < 2_000


def test_the_last_change_of_a_document_is_known() -> None:
    lexicon = Lexicon()
    lexicon.note("d0c5", b"first")
    lexicon.note("d0c5", b"second")
    assert not lexicon.knows("d0c5", b"first"), "it may come again, after the second"
    assert lexicon.knows("d0c5", b"second")
    assert not lexicon.knows("other", b"second")
    for document in range(REMEMBERED):
        lexicon.note(f"document-{document}", b"change")
    assert not lexicon.knows("d0c5", b"second"), "long ago"


@pytest.mark.parametrize("body", [b"", b"what?", Lexicon().to_bytes()[:-9], b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_what_is_no_lexicon_is_told(body: bytes) -> None:
    with pytest.raises(KnowledgeError, match="cannot be read"):
        Lexicon.from_bytes(body)
