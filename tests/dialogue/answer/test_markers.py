"""Markers that point to nothing never reach a client, however the answer is cut; what is no marker always does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.dialogue.answer.markers import Marker, MarkerFilter

KNOWN = {"1", "2", "12"}


def shown(text: str, size: int = 1) -> tuple[str, MarkerFilter]:
    """What comes out of a text that is fed in pieces of `size` characters."""
    markers = MarkerFilter(KNOWN)
    pieces = [markers.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join(pieces) + markers.end(), markers


@pytest.mark.parametrize(
    ("text", "clean", "removed"),
    [
        ("Five days [7].", "Five days.", ["7"]),
        ("Five days [0], more or less", "Five days, more or less", ["0"]),
        ("takes [12a] days", "takes days", ["12a"]),
        ("五个工作日[7]。", "五个工作日。", ["7"]),
        ("Both [1][7][2].", "Both [1][2].", ["7"]),
        ("Neither [8] [9].", "Neither.", ["8", "9"]),
        ("[7] Five", " Five", ["7"]),
        ("Five [7]", "Five", ["7"]),
        ("Five [7]: as said", "Five: as said", ["7"]),
        ("`[7]` is code, [7] is not", "`[7]` is code, is not", ["7"]),
        ("```\nrow[7]\n```\nFive [7].", "```\nrow[7]\n```\nFive.", ["7"]),
        ("one ` alone\nFive [7].", "one ` alone\nFive.", ["7"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
def test_a_marker_that_points_to_nothing_is_taken_out(text: str, clean: str, removed: list[str], size: int) -> None:
    out, markers = shown(text, size)
    assert (out, markers.removed) == (clean, removed)


@pytest.mark.parametrize(
    "text",
    [
        "Five days [1].",
        "[12] and [2][1]",
        "see [7](https://example.com/7) and ![8](p.png)",
        "[7]: https://example.com\n[1]: x",
        "- [ ] open\n- [x] done",
        "in [2024] there were [1234]",
        "a footnote[^1], a list [1, 7], a [word], []",
        r"escaped \[7]",
        "``a ` [7]`` b",
        "~~~python\nrows[7]\n~~~",
        "    trailing   ",
        "open [",
        "open [7",
        "数组 `a[7]`",
        "",
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
def test_what_is_no_marker_or_points_somewhere_is_left_alone(text: str, size: int) -> None:
    out, markers = shown(text, size)
    assert out == text
    assert markers.removed == []


def test_the_kept_ones_are_told_where_they_stand() -> None:
    out, markers = shown("One [7][1], two [2](https://x), three[12].")
    assert markers.kept == [Marker(out.index("[1]"), "1"), Marker(out.index("[12]"), "12")]


def test_text_is_shown_at_once_but_for_what_may_become_a_marker() -> None:
    markers = MarkerFilter(KNOWN)
    assert markers.feed("Five days") == "Five days"
    assert markers.feed(" [") == ""
    assert markers.feed("1") == ""
    assert markers.feed("] or") == " [1] or"
    assert markers.feed(" [x") == " [x", "no marker has a letter first"
    assert markers.feed(" [1234") == " [1234"
    assert markers.end() == ""


PIECES = st.lists(
    st.sampled_from(
        [
            "[1]",
            "[2]",
            "[7]",
            "[0]",
            "[12a]",
            "[",
            "]",
            "(",
            "`",
            "```",
            "\n",
            "~~~\n",
            " ",
            "  ",
            "\\",
            ":",
            "年假。",
            "👍",
            "a",
            "7",
        ]
    ),
    max_size=40,
).map("".join)


@given(PIECES, st.lists(st.integers(1, 7), max_size=60))
def test_however_it_is_cut_the_same_comes_out(text: str, sizes: list[int]) -> None:
    whole, markers = shown(text, 10_000)
    cut = MarkerFilter(KNOWN)
    out, rest = [], text
    for size in sizes:
        out.append(cut.feed(rest[:size]))
        rest = rest[size:]
    out += [cut.feed(rest), cut.end()]
    assert "".join(out) == whole
    assert (cut.kept, cut.removed) == (markers.kept, markers.removed)


@given(PIECES)
def test_nothing_else_is_lost_and_the_kept_ones_are_where_it_says(text: str) -> None:
    out, markers = shown(text)
    assert all(out[marker.start :].startswith(f"[{marker.number}]") for marker in markers.kept)
    assert all(marker.number in KNOWN for marker in markers.kept)
    without = out.replace(" ", "")
    for number in markers.removed:
        assert f"[{number}]" in text
    assert len(without) == len(text.replace(" ", "")) - sum(len(number) + 2 for number in markers.removed)


@given(PIECES, st.integers(1, 5))
def test_no_more_is_held_back_than_a_marker_and_the_blanks_before_it(text: str, size: int) -> None:
    markers = MarkerFilter(KNOWN)
    out = ""
    for at in range(0, len(text), size):
        out += markers.feed(text[at : at + size])
        seen = text[: at + size]
        missing = len(seen) - len(out) - sum(len(number) + 2 for number in markers.removed)
        blanks = seen.count(" ")
        assert missing <= len("[123a]") + blanks
