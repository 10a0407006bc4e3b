"""When a post of text may go. Times are in seconds."""

from __future__ import annotations

import pytest

from thinkaloud.stream.pace import Pace, Pacer

PACE = Pace(early=0.050, later=0.100, early_for=1.0, widest=8.0)


def after_a_post(at: float = 5.0, pace: Pace = PACE, characters: int = 5) -> Pacer:
    """A pacer whose first text went out at that time."""
    pacer = Pacer(pace)
    pacer.sent(at, characters, begins=True)
    return pacer


def test_text_waits_for_the_early_window_while_the_reader_waits() -> None:
    assert after_a_post(5.0).due() == pytest.approx(5.050)


def test_text_waits_for_the_later_window_after_a_second() -> None:
    pacer = after_a_post(5.0)
    pacer.sent(6.0, 7, begins=False)
    assert pacer.due() == pytest.approx(6.100)


def test_a_timer_that_wakes_late_does_not_shift_the_windows_after_it() -> None:
    pacer = after_a_post(5.0)
    pacer.sent(5.051, 7, begins=False)
    assert pacer.due() == pytest.approx(5.100)


def test_a_post_that_waited_for_the_one_before_it_begins_its_own_window() -> None:
    pacer = after_a_post(5.0)
    pacer.sent(5.080, 7, begins=False)
    assert pacer.due() == pytest.approx(5.130)


def test_a_new_part_finds_a_reader_who_waits_again() -> None:
    pacer = after_a_post(5.0)
    pacer.sent(9.0, 7, begins=True)
    assert pacer.due() == pytest.approx(9.050)


def test_a_429_doubles_the_window_up_to_its_widest() -> None:
    pacer = after_a_post(5.0)
    dues = []
    for _ in range(5):
        pacer.widen()
        dues.append(pacer.due() - 5.0)
    assert dues == pytest.approx([0.1, 0.2, 0.4, 0.4, 0.4])


def test_posts_that_are_taken_bring_the_usual_window_back() -> None:
    pacer = after_a_post(5.0)
    pacer.widen()
    dues = []
    for _ in range(5):
        pacer.narrow()
        dues.append(pacer.due() - 5.0)
    assert dues == pytest.approx([0.08, 0.064, 0.0512, 0.05, 0.05])


def test_a_reader_with_a_rate_waits_as_long_as_its_characters_take() -> None:
    limited = Pace(characters=100.0)
    pacer = after_a_post(5.0, limited, characters=50)
    assert pacer.due() == pytest.approx(5.5)
    pacer.sent(5.5, 200, begins=False)
    assert pacer.due() == pytest.approx(7.5)


def test_a_reader_saves_up_no_characters_by_waiting() -> None:
    pacer = after_a_post(5.0, Pace(characters=100.0), characters=50)
    pacer.sent(60.0, 100, begins=False)
    assert pacer.due() == pytest.approx(61.0)
