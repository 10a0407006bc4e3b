"""What one reader gets next, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stream.frames import FRAMES, STATUS, log_of, text
from thinkaloud.protocol.encode import MAX_CONTENT, json_size
from thinkaloud.protocol.frames import Reasoning, Text, TurnFrame
from thinkaloud.stream.lane import Lane, Post, merged
from thinkaloud.stream.log import TurnLog
from thinkaloud.stream.pace import Pace

PACE = Pace(early=0.050, later=0.100, early_for=1.0)


def lane_after_text(at: float, pace: Pace = PACE) -> tuple[Lane, TurnLog]:
    """A lane whose first text went out at that time."""
    lane, log = Lane(0, pace), TurnLog(1, 100)
    log.push(text("First"))
    lane.sent(lane.next(log, at))
    return lane, log


def test_nothing_is_due_while_there_is_nothing_to_send() -> None:
    lane, log = lane_after_text(5.0)
    assert lane.due(log, 9.0) is None


def test_the_first_text_is_due_at_once() -> None:
    log = TurnLog(1, 100)
    log.push(text("First"))
    assert Lane(0, PACE).due(log, 5.0) == 5.0


def test_text_waits_for_its_window() -> None:
    lane, log = lane_after_text(5.0)
    log.push(text(" second"))
    assert lane.due(log, 5.001) == pytest.approx(5.050)


def test_a_frame_that_is_not_text_is_due_at_once_and_so_is_the_text_before_it() -> None:
    lane, log = lane_after_text(5.0)
    log.push(text(" last words"))
    log.push(STATUS)
    assert lane.due(log, 5.001) == 5.001
    first = lane.next(log, 5.001)
    assert first == Post(text(" last words"), 2, 2)
    lane.sent(first)
    assert lane.next(log, 5.002) == Post(STATUS, 3, 3)


def test_the_last_text_does_not_wait_for_the_final_frame() -> None:
    lane, log = lane_after_text(5.0)
    log.push(text(" last words"))
    log.close()
    assert lane.due(log, 5.001) == 5.001


def test_a_rate_holds_though_the_end_is_known() -> None:
    lane, log = lane_after_text(5.0, Pace(characters=5.0))
    log.push(text(" last words"))
    log.push(STATUS)
    assert lane.due(log, 5.001) == pytest.approx(6.0)


def test_while_no_number_is_left_nothing_is_due() -> None:
    lane, log = Lane(0, PACE), TurnLog(1, 0)
    log.push(STATUS)
    assert lane.due(log, 5.0) is None
    log.limit = 1
    assert lane.due(log, 5.0) == 5.0


def test_a_post_stays_the_next_one_until_it_was_taken() -> None:
    lane, log = Lane(0, PACE), TurnLog(1, 100)
    log.push(text("a"))
    assert lane.next(log, 5.0) == Post(text("a"), 1, 1)
    log.push(text("b"))
    log.seal()
    lane.refused()
    assert lane.cursor == 0


def test_deltas_that_wait_go_in_one_post_that_says_which_numbers_it_stands_for() -> None:
    log = log_of([text("a"), text("b"), text("c"), STATUS])
    assert Lane(1, PACE).next(log, 5.0) == Post(text("bc"), 2, 3)


def test_a_reader_at_any_number_goes_on_right_behind_it() -> None:
    log = log_of([text(character) for character in "年假有十四天。"])
    for cursor in range(7):
        assert Lane(cursor, PACE).next(log, 5.0) == Post(text("年假有十四天。"[cursor:]), cursor + 1, 7)


def test_a_post_holds_no_more_than_a_frame() -> None:
    post = merged(log_of([text("年" * 5_000), text("假" * 5_000), text("。")]).after(0))
    assert post == Post(text("年" * 5_000), 1, 1)


@given(FRAMES, st.integers(0, 25), st.lists(st.booleans(), max_size=30))
def test_posts_leave_out_no_number_and_cross_no_part(frames: list[TurnFrame], cursor: int, late: list[bool]) -> None:
    """However the frames come together, posts put the log's content on the wire, in order and once."""
    log = TurnLog(1, 10_000)
    waiting = list(frames)
    for frame, sealed in zip(frames, late, strict=False):
        log.push(frame)
        waiting.pop(0)
        if sealed:
            log.seal()
    for frame in waiting:
        log.push(frame)
    log.seal()
    lane = Lane(min(cursor, log.last), PACE)
    begun = lane.cursor
    posts: list[Post] = []
    while lane.cursor < log.last:
        posts.append(lane.next(log, 1.0))
        lane.sent(posts[-1])
    assert [post.first for post in posts] == [begun + 1, *(post.last + 1 for post in posts)][: len(posts)]
    for post in posts:
        span = [entry.frame for entry in log.after(post.first - 1) if entry.seq <= post.last]
        if isinstance(post.frame, Text | Reasoning):
            assert {type(frame) for frame in span} == {type(post.frame)}
            contents = [frame.content for frame in span if isinstance(frame, Text | Reasoning)]
            assert post.frame.content == "".join(contents)
            assert json_size(post.frame.content) <= MAX_CONTENT
        else:
            assert span == [post.frame]
