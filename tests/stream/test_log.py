"""Frames get their numbers: when, which, and never another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stream.frames import CONTENT, FRAMES, STATUS, log_of, reasoning, text
from thinkaloud.protocol.encode import MAX_CONTENT, json_size
from thinkaloud.protocol.frames import Text, TurnFrame
from thinkaloud.stream.log import Entry, TurnLog


def test_numbers_begin_where_they_are_told_to_and_leave_none_out() -> None:
    log = log_of([STATUS, text("a"), STATUS], first=1_001)
    assert [entry.seq for entry in log.after(0)] == [1_001, 1_002, 1_003]
    assert log.last == 1_003


def test_a_log_without_frames_has_given_out_no_number() -> None:
    log = TurnLog(1_001, 2_000)
    assert log.last == 1_000
    assert log.after(0) == []


def test_deltas_of_one_part_melt_together_until_they_get_a_number() -> None:
    log = TurnLog(1, 10)
    for piece in ("退款", "需要", "五天", "。"):
        log.push(text(piece))
    log.seal()
    log.push(text("Also:"))
    log.seal()
    assert log.after(0) == [Entry(1, text("退款需要五天。")), Entry(2, text("Also:"))]


@pytest.mark.parametrize("other", [text("b", part="aside"), text("b", step=2), reasoning("b"), STATUS])
def test_what_does_not_belong_together_keeps_its_place(other: TurnFrame) -> None:
    log = TurnLog(1, 10)
    for frame in (text("a"), other, text("c")):
        log.push(frame)
    log.seal()
    assert [entry.frame for entry in log.after(0)] == [text("a"), other, text("c")]


def test_text_over_one_frame_takes_several_numbers() -> None:
    log = TurnLog(1, 10)
    log.push(text("年" * MAX_CONTENT))
    log.push(STATUS)
    log.seal()
    *pieces, last = [entry.frame for entry in log.after(0)]
    assert last == STATUS
    assert len(pieces) == 4
    assert all(isinstance(piece, Text) and json_size(piece.content) <= MAX_CONTENT for piece in pieces)
    assert "".join(piece.content for piece in pieces if isinstance(piece, Text)) == "年" * MAX_CONTENT


def test_no_number_above_the_limit_is_given_out_before_it_is_raised() -> None:
    log = log_of([STATUS, STATUS, text("a"), text("b")], limit=2)
    assert log.last == 2
    assert list(log.waiting) == [text("ab")]
    assert not log.exhausted(2)
    log.limit = 3
    log.seal()
    assert log.after(2) == [Entry(3, text("ab"))]


def test_a_reader_has_everything_when_the_end_is_behind_it() -> None:
    log = log_of([STATUS])
    assert not log.exhausted(1), "more may come"
    log.push(text("last"))
    log.end()
    assert not log.exhausted(1)
    log.seal()
    assert not log.exhausted(1)
    assert log.exhausted(2)


def test_a_log_of_a_turn_that_ended_holds_its_entries() -> None:
    entries = log_of([STATUS, text("a")], first=7).after(0)
    log = TurnLog.of(entries)
    assert log.after(0) == entries
    assert (log.last, log.ended) == (8, True)
    assert log.exhausted(8)


@given(FRAMES, st.integers(0, 40))
def test_a_reader_gets_what_is_behind_its_cursor(frames: list[TurnFrame], cursor: int) -> None:
    entries = log_of(frames).after(0)
    assert list(log_of(frames).after(cursor)) == [entry for entry in entries if entry.seq > cursor]


@given(st.lists(st.tuples(CONTENT, st.booleans()), max_size=20))
def test_whenever_it_is_numbered_the_text_is_the_same(pieces: list[tuple[str, bool]]) -> None:
    log = TurnLog(1, 100)
    for piece, numbered in pieces:
        log.push(text(piece))
        if numbered:
            log.seal()
    log.seal()
    contents = [entry.frame.content for entry in log.after(0) if isinstance(entry.frame, Text)]
    assert "".join(contents) == "".join(piece for piece, _ in pieces)
