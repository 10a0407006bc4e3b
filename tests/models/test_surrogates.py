"""However a text is cut into pieces, it comes out whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.models.surrogates import SurrogateJoiner


def joined(pieces: list[str]) -> list[str]:
    """What a reader is shown after each piece, and at the end."""
    joiner = SurrogateJoiner()
    return [*(joiner.join(piece) for piece in pieces), joiner.rest()]


def code_units(text: str) -> list[str]:
    """The text in UTF-16 code units, as JSON escapes write it: a character beyond U+FFFF is two."""
    units = text.encode("utf-16-be", "surrogatepass")
    return [units[start : start + 2].decode("utf-16-be", "surrogatepass") for start in range(0, len(units), 2)]


TEXTS = st.text(st.sampled_from("a年👍🏽𠮷\U0010ffff\u0000") | st.characters(exclude_categories=["Cs"]))


@given(TEXTS, st.lists(st.integers(1, 4), max_size=40))
def test_any_cut_of_any_text_joins_to_it_and_every_piece_can_be_encoded(text: str, sizes: list[int]) -> None:
    units = code_units(text)
    pieces = []
    for size in sizes:
        pieces.append("".join(units[:size]))
        units = units[size:]
    shown = joined([*pieces, "".join(units)])
    assert "".join(shown) == text
    assert all(piece.encode() is not None for piece in shown)


def test_half_a_character_waits_for_its_other_half() -> None:
    assert joined(["Tents \ud83c", "\udfd5", "!"]) == ["Tents ", "🏕", "!", ""]


def test_an_empty_piece_between_two_halves_changes_nothing() -> None:
    assert joined(["\ud83c", "", "\udfd5"]) == ["", "", "🏕", ""]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["a\ud83c", "b"], "a\ufffdb"),
        (["\udfd5a"], "\ufffda"),
        (["a\ud83c"], "a\ufffd"),
        (["\ud83c", "\ud83c\udfd5"], "\ufffd🏕"),
    ],
)
def test_a_half_that_stays_alone_is_shown_as_unknown(pieces: list[str], text: str) -> None:
    assert "".join(joined(pieces)) == text


@given(st.lists(st.text(st.characters(categories=["Cs"]) | st.sampled_from("a年👍"))))
def test_whatever_arrives_can_be_encoded(pieces: list[str]) -> None:
    assert "".join(joined(pieces)).encode() is not None
