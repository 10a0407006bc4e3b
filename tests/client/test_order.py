import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.client import FrameOrder, Received
from thinkaloud.client.order import MOST_HELD


def numbered(seq: int, kind: str = "text") -> Received:
    return Received(kind, {"type": kind, "seq": seq})


ACCEPTED = Received("accepted", {"type": "accepted"})


def opened() -> FrameOrder:
    order = FrameOrder()
    assert order.push(ACCEPTED) == [ACCEPTED]
    return order


def test_frames_in_order_pass_at_once():
    order = opened()
    for seq in (1, 2, 3):
        assert [frame.seq for frame in order.push(numbered(seq))] == [seq]
    assert order.missing is None


def test_a_frame_that_overtakes_waits_for_the_one_before():
    order = opened()
    assert order.push(numbered(2)) == []
    assert order.missing == (1, 1)
    assert [frame.seq for frame in order.push(numbered(1))] == [1, 2]
    assert order.missing is None


def test_a_hole_is_named_from_its_first_to_its_last_number():
    order = opened()
    order.push(numbered(1))
    order.push(numbered(7))
    order.push(numbered(5))
    assert order.missing == (2, 4)


def test_the_first_frame_waits_for_accepted():
    order = FrameOrder()
    assert order.push(numbered(1, "status")) == []
    assert order.missing == (0, 0)
    assert [frame.type for frame in order.push(ACCEPTED)] == ["accepted", "status"]


def test_accepted_can_be_done_without():
    order = FrameOrder()
    order.push(numbered(1, "status"))
    assert [frame.type for frame in order.skip_accepted()] == ["status"]
    assert order.push(ACCEPTED) == []


def test_a_second_accepted_is_a_duplicate():
    order = opened()
    assert order.push(ACCEPTED) == []


def test_an_unknown_type_counts():
    order = opened()
    order.push(numbered(1, "weather"))
    assert [frame.seq for frame in order.push(numbered(2))] == [2]


def test_frames_without_a_number_pass_and_leave_the_order_alone():
    order = FrameOrder()
    heartbeat = Received("heartbeat", {"type": "heartbeat"})
    assert order.push(heartbeat) == [heartbeat]
    for odd in (True, 0, -1, "3", 1.0, None):
        frame = Received("text", {"type": "text", "seq": odd})
        assert order.push(frame) == [frame]
    assert order.missing is None


def ranged(first: int, last: int) -> Received:
    return Received("text", {"type": "text", "from": first, "seq": last})


def spans(frames: list[Received]) -> list[tuple[int | None, int | None]]:
    return [(frame.first, frame.seq) for frame in frames]


def test_who_resumes_awaits_no_accepted():
    order = FrameOrder(awaits_accepted=False)
    assert order.cursor == 0
    assert spans(order.push(numbered(1))) == [(1, 1)]
    assert order.cursor == 1


def test_a_range_right_after_the_cursor_counts_whole():
    order = opened()
    order.push(numbered(1))
    assert spans(order.push(ranged(2, 5))) == [(2, 5)]
    assert order.cursor == 5
    assert spans(order.push(numbered(6))) == [(6, 6)]


def test_a_range_that_was_wholly_seen_is_a_duplicate():
    order = opened()
    order.push(ranged(1, 4))
    assert order.push(ranged(2, 4)) == order.push(ranged(1, 4)) == order.push(numbered(3)) == []
    assert not order.torn


def test_a_range_that_was_partly_seen_is_dropped_until_a_replay():
    order = opened()
    order.push(ranged(1, 3))
    assert order.push(ranged(2, 6)) == []
    assert order.torn
    assert order.missing is None
    order.replay()
    assert not order.torn
    assert spans(order.push(ranged(4, 6))) == [(4, 6)]


def test_a_range_that_waits_may_be_torn_by_what_fills_the_hole():
    order = opened()
    order.push(ranged(3, 6))
    assert spans(order.push(ranged(1, 4))) == [(1, 4)]
    assert order.torn
    assert order.cursor == 4


def test_a_longer_range_takes_the_place_of_a_shorter_one_that_waits():
    order = opened()
    for frame in (numbered(2), ranged(2, 4), ranged(2, 3)):
        order.push(frame)
    assert spans(order.push(numbered(1))) == [(1, 1), (2, 4)]


def test_a_range_that_makes_no_sense_is_one_frame():
    assert [ranged(first, 3).first for first in (4, 0, -1)] == [3, 3, 3]


def reset(seq: int, step: int) -> Received:
    return Received("reset", {"type": "reset", "seq": seq, "step": step})


def test_reset_jumps_ahead_and_drops_what_waited_before_it():
    order = opened()
    order.push(numbered(1))
    for seq in (3, 4, 42):
        order.push(numbered(seq))
    assert [frame.seq for frame in order.push(reset(40, step=0))] == [40]
    assert order.missing == (41, 41)
    assert order.push(numbered(2)) == []
    assert [frame.seq for frame in order.push(numbered(41))] == [41, 42]


def test_a_reset_of_a_part_jumps_ahead_where_all_that_was_said_before_is_there():
    order = opened()
    order.push(numbered(1))
    order.push(numbered(42))
    assert [frame.seq for frame in order.push(reset(40, step=2))] == [40]


@pytest.mark.parametrize("before", [numbered(3), ranged(1, 2)], ids=["a hole", "a range seen in part"])
def test_a_reset_of_a_part_does_not_hide_that_something_lacks_of_what_survives_it(before: Received):
    order = opened()
    order.push(numbered(1))
    order.push(before)
    assert order.push(reset(40, step=2)) == order.push(numbered(41)) == []
    assert (order.cursor, order.torn) == (1, True)
    order.replay()
    for frame in (numbered(2), numbered(3), reset(40, step=2)):
        order.push(frame)
    assert order.cursor == 41


def test_a_reset_that_was_seen_is_a_duplicate():
    order = opened()
    order.push(numbered(9, "reset"))
    assert order.push(numbered(9, "reset")) == order.push(numbered(3, "reset")) == []
    assert order.cursor == 9


def test_what_waits_is_bounded_and_the_farthest_goes_first():
    order = opened()
    for seq in range(MOST_HELD + 10, 1, -1):
        order.push(numbered(seq))
    assert [frame.seq for frame in order.push(numbered(1))] == list(range(1, MOST_HELD + 1))


@given(st.data(), st.integers(min_value=1, max_value=30))
def test_any_mixture_of_ranges_shows_each_number_once_with_a_replay_where_one_is_torn(data: st.DataObject, count: int):
    pairs = st.tuples(st.integers(1, count), st.integers(1, count)).map(sorted)
    order = opened()
    shown = [frame for first, last in data.draw(st.lists(pairs)) for frame in order.push(ranged(first, last))]
    assert order.torn or order.missing or order.cursor == max([frame.seq or 0 for frame in shown], default=0)
    order.replay()
    shown += [frame for seq in range(order.cursor + 1, count + 1) for frame in order.push(numbered(seq))]
    counted = [number for frame in shown for number in range(frame.first or 0, (frame.seq or 0) + 1)]
    assert counted == list(range(1, count + 1))


@given(st.data(), st.integers(min_value=1, max_value=30))
def test_any_arrival_with_duplicates_comes_out_once_and_in_order(data: st.DataObject, count: int):
    numbers = [*range(1, count + 1), *data.draw(st.lists(st.integers(1, count), max_size=20))]
    arrivals = data.draw(st.permutations([ACCEPTED, *map(numbered, numbers)]))
    order = FrameOrder()
    shown = [frame for arrival in arrivals for frame in order.push(arrival)]
    assert [frame.seq for frame in shown] == [None, *range(1, count + 1)]
    assert order.missing is None


@given(st.data(), st.integers(min_value=2, max_value=20))
def test_nothing_is_shown_beyond_a_hole(data: st.DataObject, count: int):
    lost = data.draw(st.integers(1, count - 1))
    arrivals = data.draw(st.permutations([numbered(seq) for seq in range(1, count + 1) if seq != lost]))
    order = opened()
    shown = [frame.seq for arrival in arrivals for frame in order.push(arrival)]
    assert shown == list(range(1, lost))
    assert order.missing == (lost, lost)
