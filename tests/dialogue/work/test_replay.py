"""A turn that has ended, for a reader who comes later: wherever it stands, it ends up with the same message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.builders import outcome, question
from tests.stream.frames import COMPLETE, RESET, SOURCE, STATUS, log_of, reasoning, text
from thinkaloud.dialogue.work.replay import ending, outcome_of, replay
from thinkaloud.protocol.frames import Complete, Error, Reset, Source, Text, TurnFrame
from thinkaloud.state.records import BLOCK, Outcome, Segment, Turn
from thinkaloud.stream.journal import segment
from thinkaloud.stream.log import Entry

ENTRIES = list(log_of([STATUS, SOURCE, text("年假"), text("十四"), text("天。"), COMPLETE]).after(0))
SEGMENTS = [segment(1, ENTRIES[:3]), segment(1, ENTRIES[3:])]
STORED = outcome(
    "年假十四天。",
    sources=[doc.model_dump(mode="json", exclude_none=True) for doc in SOURCE.docs],
    model="m",
    usage={"prompt": 3, "completion": 2, "estimated": False},
    timings={"total": 1.5},
)


def turn(stored: Outcome = STORED, asked: str = "年假有几天？") -> Turn:
    return Turn(question(asked), "UXcB4dYzFiACJNw=", stored.state, 1, 0.0, BLOCK, stored)


def told(seen: Sequence[Entry], then: Sequence[Entry]) -> tuple[str, list[str]]:
    """The text and the kinds of frames, as a client has them after it has folded both."""
    frames: list[TurnFrame] = []
    for entry in [*seen, *then]:
        if isinstance(entry.frame, Reset):
            frames = []
        else:
            frames.append(entry.frame)
    content = "".join(frame.content for frame in frames if isinstance(frame, Text))
    return content, [frame.type for frame in frames if not isinstance(frame, Text)]


@pytest.mark.parametrize("cursor", range(7))
def test_the_journal_leads_on_from_every_cursor(cursor: int) -> None:
    log = replay(turn(), SEGMENTS, cursor)
    assert list(log.after(cursor)) == ENTRIES[cursor:]
    assert log.exhausted(6)


LOST: dict[str, list[Segment]] = {
    "it has expired": [],
    "its beginning is missing": SEGMENTS[1:],
    "its end is missing": SEGMENTS[:1],
    "a segment is broken": [SEGMENTS[0], replace(SEGMENTS[1], frames="[{")],
}


@pytest.mark.parametrize("segments", LOST.values(), ids=LOST)
@pytest.mark.parametrize("cursor", [0, 1, 2])
def test_where_the_journal_does_not_the_whole_answer_is_told_again(segments: list[Segment], cursor: int) -> None:
    log = replay(turn(), segments, cursor)
    then = log.after(cursor)
    assert then[0] == Entry(BLOCK + 1, RESET), "under numbers that were never given out"
    assert told(ENTRIES[:cursor], then) == ("年假十四天。", ["source", "complete"])
    assert log.exhausted(then[-1].seq)


def test_a_missing_beginning_does_not_matter_to_who_has_it() -> None:
    assert list(replay(turn(), SEGMENTS[1:], 3).after(3)) == ENTRIES[3:]


def test_a_cursor_ahead_of_the_journal_is_told_the_whole_answer() -> None:
    then = replay(turn(), SEGMENTS, 70).after(70)
    assert told([], then) == ("年假十四天。", ["source", "complete"])


def test_who_broke_off_while_it_was_told_again_goes_on_there() -> None:
    again = list(replay(turn(), [], 0).after(0))
    for entry in again:
        assert list(replay(turn(), [], entry.seq).after(entry.seq)) == [each for each in again if each.seq > entry.seq]


def test_a_turn_that_was_begun_twice_is_replayed_with_its_reset() -> None:
    dead = list(log_of([STATUS, text("年")]).after(0))
    second = list(log_of([RESET, text("年假十四天。"), COMPLETE], first=1_001).after(0))
    log = replay(turn(), [segment(1, dead), segment(2, second)], 1)
    assert list(log.after(1)) == [*dead[1:], *second]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("年假有几天？", "回答因服务故障中断，请重新提问。"),
        ("How many?", "The answer broke off on our side. Please ask again."),
    ],
)
def test_a_turn_that_failed_ends_with_its_error(asked: str, message: str) -> None:
    failed = Outcome("failed", "年假", "error", error="crashed")
    assert ending(turn(failed, asked), failed) == Error(code="crashed", message=message, retryable=True)
    then = replay(turn(failed, asked), [], 0).after(0)
    assert told([], then) == ("年假", ["error"])


def test_the_end_is_the_same_whether_it_was_journaled_or_stored() -> None:
    assert ending(turn(), STORED) == COMPLETE
    stopped = replace(STORED, finish="stopped", reason="user")
    last = ending(turn(stopped), stopped)
    assert isinstance(last, Complete)
    assert (last.finish, last.reason) == ("stopped", "user")


# ---- what a dead worker had said -------------------------------------------------------------------------------------


def test_what_was_said_is_kept_as_a_client_would_fold_it() -> None:
    frames: list[TurnFrame] = [STATUS, SOURCE, reasoning("hm"), text("old"), RESET, SOURCE, text("年"), text("假")]
    kept = outcome_of(list(log_of(frames).after(0)), "crashed")
    assert (kept.state, kept.answer, kept.finish, kept.error) == ("failed", "年假", "error", "crashed")
    assert kept.sources == STORED.sources


def test_a_reset_of_a_later_step_leaves_what_came_before_it() -> None:
    frames: list[TurnFrame] = [SOURCE, text("one "), text("two ", step=2), Reset(step=2), text("three", step=2)]
    kept = outcome_of(list(log_of(frames).after(0)), "crashed")
    assert kept.answer == "one three"
    assert len(kept.sources) == 1


def test_a_worker_that_said_nothing_leaves_an_empty_answer() -> None:
    assert outcome_of([], "crashed") == Outcome("failed", "", "error", error="crashed")


def test_sources_come_before_the_text() -> None:
    frames = [entry.frame for entry in replay(turn(), [], 0).after(0)]
    assert [type(frame) for frame in frames] == [Reset, Source, Text, Complete]
