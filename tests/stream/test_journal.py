"""What is written of a turn is what is read, wherever a reader's cursor stands and whoever wrote it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stream.frames import COMPLETE, FRAMES, RESET, SOURCE, STATUS, log_of, reasoning, text
from thinkaloud.errors import JournalBroken
from thinkaloud.protocol.frames import TurnFrame
from thinkaloud.state.records import Segment
from thinkaloud.stream import journal
from thinkaloud.stream.journal import contiguous, entries_of, segment
from thinkaloud.stream.log import Entry


def entries(*frames: TurnFrame, first: int = 1) -> list[Entry]:
    return list(log_of(frames, first=first).after(0))


FIRST = entries(STATUS, SOURCE, text("年假"), text("十四"))
MORE = entries(text("天。"), STATUS, COMPLETE, first=5)
AGAIN = entries(RESET, text("年假十四天。"), COMPLETE, first=1_001)


@given(FRAMES, st.data())
def test_every_frame_comes_back_whatever_the_segments(frames: list[TurnFrame], data: st.DataObject) -> None:
    numbered = entries(*frames, first=data.draw(st.sampled_from([1, 1_001])))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(numbered)), max_size=6)) | {len(numbered)})
    segments = [segment(1, numbered[start:end]) for start, end in zip([0, *cuts], cuts, strict=False)]
    read = entries_of(data.draw(st.permutations(segments)))
    assert read == numbered
    for cursor in range(numbered[0].seq - 1, numbered[-1].seq + 1):
        assert contiguous(read, cursor)


@given(FRAMES, st.integers(1, 2_000))
def test_no_segment_holds_more_than_an_item_may_and_none_lacks(frames: list[TurnFrame], most: int) -> None:
    numbered = entries(*frames)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "MOST_BYTES", most)
        written = journal.segments(1, numbered)
    assert entries_of(written) == numbered
    assert all(len(item.frames.encode()) <= most + 2 or item.first == item.last for item in written)


def test_nothing_is_no_segment() -> None:
    assert journal.segments(1, []) == []


def test_deltas_of_one_part_cost_little_more_than_their_text() -> None:
    pieces = [text(f"word{number} ") for number in range(50)]
    written = segment(1, entries(*pieces))
    assert len(written.frames) < sum(len(piece.content) for piece in pieces) + 250
    assert (written.first, written.last) == (1, 50)


def test_chinese_is_written_as_it_is() -> None:
    assert "年假" in segment(1, entries(text("年假"))).frames


def test_text_and_reasoning_are_kept_apart() -> None:
    numbered = entries(reasoning("hm"), reasoning("…"), text("年"), text("假", step=2), text("天", part="aside"))
    assert entries_of([segment(1, numbered)]) == numbered


def test_a_later_epochs_frames_stand_behind_the_earlier_ones() -> None:
    assert entries_of([segment(2, AGAIN), segment(1, FIRST)]) == FIRST + AGAIN


def test_what_an_older_worker_wrote_where_its_successor_had_begun_is_dropped() -> None:
    late = entries(text("too late"), STATUS, first=1_001)
    assert entries_of([segment(1, FIRST), segment(1, late), segment(2, AGAIN)]) == FIRST + AGAIN


def test_no_segments_are_no_frames() -> None:
    assert entries_of([]) == []
    assert contiguous([], 7)


def test_a_missing_segment_is_a_gap_for_who_stands_before_it_only() -> None:
    read = entries_of([segment(1, MORE)])
    assert not contiguous(read, 0)
    assert not contiguous(read, 3)
    assert contiguous(read, 4)
    assert contiguous(read, 7)


def test_a_gap_in_the_middle_is_one_too() -> None:
    behind = entries(COMPLETE, first=9)
    read = entries_of([segment(1, FIRST), segment(1, behind)])
    assert not contiguous(read, 0)
    assert contiguous(read, 8)


def test_a_reset_leads_over_numbers_that_nobody_wrote_down() -> None:
    read = entries_of([segment(1, FIRST), segment(2, AGAIN)])
    for cursor in (0, 4, 5, 700, 1_000):
        assert contiguous(read, cursor)


GOOD = segment(1, FIRST)
BROKEN = {
    "empty": "",
    "cut short": GOOD.frames[:-9],
    "not a list": "17",
    "a list of numbers": "[1,2]",
    "null": "[null]",
    "an unknown kind": json.dumps([{"type": "no-such-frame"}]),
    "a frame without its fields": json.dumps([{"type": "text", "lengths": [1]}]),
    "lengths that are none": json.dumps([{"type": "text", "part": "a", "step": 1, "content": "a", "lengths": "?"}]),
    "too few frames": segment(1, FIRST[:2]).frames,
    "too many frames": segment(1, FIRST + MORE).frames,
    "a text that is shorter than its lengths": GOOD.frames.replace("十四", "十"),
    "a text that is longer than its lengths": GOOD.frames.replace("十四", "十四天"),
}


@pytest.mark.parametrize("frames", BROKEN.values(), ids=BROKEN)
def test_a_broken_segment_is_called_broken(frames: str) -> None:
    with pytest.raises(JournalBroken, match="segment 1/1"):
        entries_of([replace(GOOD, frames=frames)])


def test_numbers_that_do_not_fit_are_broken_too() -> None:
    with pytest.raises(JournalBroken):
        entries_of([Segment(1, 1, 3, GOOD.frames)])
