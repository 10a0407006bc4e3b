"""When a post may go, and what it carries. Times are in seconds."""

from __future__ import annotations

import pytest

from thinkaloud.gateway.pace import Coalescer, Pace
from thinkaloud.protocol.encode import MAX_CONTENT
from thinkaloud.protocol.frames import Reasoning, Status, Text

PACE = Pace(early=0.050, later=0.100, early_for=1.0, widest=8.0)
STATUS = Status(id="generation", phase="generation", state="end", label="Answer written")


def text(content: str, part: str = "answer", step: int = 1) -> Text:
    return Text(part=part, step=step, content=content)


def after_a_post(at: float = 0.0) -> Coalescer:
    """A queue whose first text went out at that time."""
    queue = Coalescer(PACE)
    queue.push(text("First"))
    queue.take(at)
    return queue


def due_in(queue: Coalescer, now: float) -> float:
    due = queue.due(now)
    assert due is not None
    return due - now


def test_nothing_is_due_while_nothing_is_queued() -> None:
    queue = Coalescer(PACE)
    assert not queue
    assert queue.due(5.0) is None


def test_the_first_delta_is_due_at_once() -> None:
    queue = Coalescer(PACE)
    queue.push(text("First"))
    assert due_in(queue, 5.0) == 0.0


def test_a_frame_that_is_not_text_is_due_at_once() -> None:
    queue = after_a_post(at=5.0)
    queue.push(STATUS)
    assert due_in(queue, 5.001) == 0.0


def test_text_waits_for_the_early_window_while_the_reader_waits() -> None:
    queue = after_a_post(at=5.0)
    queue.push(text(" second"))
    assert queue.due(5.01) == pytest.approx(5.050)


def test_text_waits_for_the_later_window_after_a_second() -> None:
    queue = after_a_post(at=5.0)
    queue.push(text(" second"))
    queue.take(6.0)
    queue.push(text(" third"))
    assert queue.due(6.01) == pytest.approx(6.100)


def test_the_first_words_of_the_answer_do_not_wait_behind_the_reasoning() -> None:
    queue = Coalescer(PACE)
    for moment, thought in ((5.0, "Let me"), (7.0, " think")):
        queue.push(Reasoning(part="reasoning", step=1, content=thought))
        queue.take(moment)
    queue.push(text("First"))
    assert due_in(queue, 7.01) == 0.0
    queue.take(7.01)
    queue.push(text(" second"))
    assert queue.due(7.02) == pytest.approx(7.060), "and the reader waits again"


def test_text_does_not_wait_when_another_frame_stands_behind_it() -> None:
    queue = after_a_post(at=5.0)
    queue.push(text(" last words"))
    queue.push(STATUS)
    assert due_in(queue, 5.001) == 0.0
    assert queue.take(5.001) == text(" last words")
    assert queue.take(5.002) == STATUS


def test_deltas_of_one_part_melt_together() -> None:
    queue = after_a_post()
    for piece in ("退款", "需要", "五天", "。"):
        queue.push(text(piece))
    assert queue.take(1.0) == text("退款需要五天。")
    assert not queue


@pytest.mark.parametrize(
    "other", [text("b", part="aside"), text("b", step=2), Reasoning(part="answer", step=1, content="b"), STATUS]
)
def test_what_does_not_belong_together_keeps_its_place(other: Text | Reasoning | Status) -> None:
    queue = Coalescer(PACE)
    for frame in (text("a"), other, text("c")):
        queue.push(frame)
    assert [queue.take(0.0) for _ in range(3)] == [text("a"), other, text("c")]


def test_text_over_one_frame_is_cut_and_the_rest_stays_first() -> None:
    queue = Coalescer(PACE)
    queue.push(text("年" * MAX_CONTENT))
    queue.push(STATUS)
    pieces = []
    while isinstance(frame := queue.take(0.0), Text):
        pieces.append(frame.content)
    assert frame == STATUS
    assert len(pieces) == 4
    assert "".join(pieces) == "年" * MAX_CONTENT


def test_a_429_doubles_the_window_up_to_its_widest() -> None:
    queue = after_a_post(at=5.0)
    queue.push(text(" second"))
    widths = []
    for _ in range(5):
        queue.widen()
        widths.append(due_in(queue, 5.0))
    assert widths == pytest.approx([0.1, 0.2, 0.4, 0.4, 0.4])


def test_posts_that_are_taken_bring_the_usual_window_back() -> None:
    queue = after_a_post(at=5.0)
    queue.push(text(" second"))
    queue.widen()
    widths = []
    for _ in range(5):
        queue.narrow()
        widths.append(due_in(queue, 5.0))
    assert widths == pytest.approx([0.08, 0.064, 0.0512, 0.05, 0.05])
