from __future__ import annotations

import pytest

from benchmarks.stream.bars import bars
from benchmarks.stream.timeline import Piece, Run, Timeline, percentile, shown_times

#: Four tokens, one every 0.5 s; all but the last are shown 10 ms late, and that one 40 ms.
TIMELINE = Timeline(said=(5.0, 5.5, 6.0, 6.5), shown=(5.01, 5.51, 6.01, 6.54), posts=4)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([7.0], 0.95, 7.0), (range(1, 101), 0.95, 95), (range(1, 101), 0.5, 50), ([3, 1, 2], 1.0, 3), ([3, 1], 0.0, 1)],
)
def test_a_percentile_is_a_value_that_occurred(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.95)


def test_a_token_is_shown_once_all_of_it_is() -> None:
    tokens = ["Your", " refund", " takes"]
    pieces = [Piece(1.0, "Yo"), Piece(2.0, "ur refund"), Piece(3.0, " takes")]
    assert shown_times(tokens, pieces) == (2.0, 2.0, 3.0)


def test_one_piece_may_show_many_tokens() -> None:
    assert shown_times(["退款", "需要", "五天。"], [Piece(4.0, "退款需要五天。")]) == (4.0, 4.0, 4.0)


@pytest.mark.parametrize("text", ["退款需要", "退款需要五天。。", "五天。退款需要"])
def test_text_that_is_lost_or_doubled_is_no_measurement(text: str) -> None:
    with pytest.raises(ValueError, match="not the model's"):
        shown_times(["退款", "需要", "五天。"], [Piece(4.0, text)])


def test_delays_are_in_milliseconds() -> None:
    assert TIMELINE.delays == pytest.approx([10, 10, 10, 40])
    assert TIMELINE.end_lag == pytest.approx(40)


def test_the_first_second_is_counted_from_the_first_token() -> None:
    assert len(TIMELINE.part(early=True)) == 2
    assert TIMELINE.part(early=False) == pytest.approx([10, 40])


def test_a_run_takes_the_median_of_its_answers() -> None:
    late = Timeline(TIMELINE.said, tuple(at + 0.1 for at in TIMELINE.shown), posts=8)
    run = Run("thinkaloud", 10, 50, (TIMELINE, late))
    assert run.posts == 6
    assert run.end_lag == pytest.approx(90)
    assert run.first_delay_p50 == pytest.approx(60)
    assert run.delay_p95 == pytest.approx(90)
    assert run.early_p95 == pytest.approx(60)
    assert run.later_p95 == pytest.approx(90)


def test_bars_follow_the_time_of_a_post() -> None:
    run = Run("thinkaloud", 10, 50, (TIMELINE,))
    by_name = {bar.name.split(" at ")[0]: bar for bar in bars(run)}
    assert by_name["end lag"].most == 30
    assert not by_name["end lag"].met
    assert str(by_name["end lag"]) == "end lag at 50 tokens/s, 10 ms a post: 40 ms, at most 30 ms"
    assert by_name["first token's delay, p50,"].most == 15
    assert by_name["posts an answer"].most == 80
    assert by_name["posts an answer"].met
