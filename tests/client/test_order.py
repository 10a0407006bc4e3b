from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.client import FrameOrder, Received


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
