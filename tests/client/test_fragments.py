from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.client import Joiner
from thinkaloud.client.fragments import MOST_CHARACTERS, MOST_FRAMES, MOST_PIECES
from thinkaloud.protocol.encode import fragments
from thinkaloud.protocol.frames import Fragment


def pieces(frame: str, *data: str) -> list[Fragment]:
    return [Fragment(id=frame, index=index, count=len(data), data=piece) for index, piece in enumerate(data)]


def test_the_last_piece_gives_the_whole():
    joiner = Joiner()
    first, second, third = pieces("f1", "退", "款", "。")
    assert joiner.add(third) is None
    assert joiner.add(first) is None
    assert joiner.add(first) is None
    assert joiner.add(second) == "退款。"


def test_what_the_server_splits_is_joined():
    whole = '{"type":"source","docs":"' + "青禾😀" * 20_000 + '"}'
    sent = [Fragment.model_validate_json(message) for message in fragments("t-1.3", whole)]
    assert len(sent) > 5
    joiner = Joiner()
    assert [joiner.add(piece) for piece in sent] == [None] * (len(sent) - 1) + [whole]


def test_the_same_frame_may_be_sent_again_whole():
    joiner = Joiner()
    for _ in range(3):
        assert [joiner.add(piece) for piece in pieces("f1", "a", "b")] == [None, "ab"]


def test_another_count_under_the_same_id_starts_over():
    joiner = Joiner()
    joiner.add(pieces("f1", "a", "b", "c")[0])
    assert [joiner.add(piece) for piece in pieces("f1", "x", "y")] == [None, "xy"]


def test_what_is_no_piece_is_dropped():
    joiner = Joiner()
    for index, count in ((-1, 2), (2, 2), (0, 0), (0, -1), (0, MOST_PIECES + 1)):
        assert joiner.add(Fragment(id="f1", index=index, count=count, data="x")) is None
    assert [joiner.add(piece) for piece in pieces("f1", "a", "b")] == [None, "ab"]


def test_the_frame_touched_longest_ago_is_forgotten_when_there_are_too_many():
    joiner = Joiner()
    for number in range(MOST_FRAMES):
        joiner.add(pieces(f"f{number}", "a", "b")[0])
    joiner.add(pieces("f0", "a", "b")[0])
    joiner.add(pieces("more", "a", "b")[0])
    assert joiner.add(pieces("f0", "a", "b")[1]) == "ab"
    assert joiner.add(pieces("f1", "a", "b")[1]) is None


def test_memory_is_bounded():
    joiner = Joiner()
    big = "x" * (MOST_CHARACTERS // 2)
    for number in range(10):
        joiner.add(pieces(f"f{number}", big, "end")[0])
    assert joiner.add(pieces("f0", big, "end")[1]) is None
    assert joiner.add(pieces("f9", big, "end")[1]) == big + "end"


@given(st.lists(st.lists(st.text(), min_size=1, max_size=6), min_size=1, max_size=5), st.data())
def test_any_interleaving_with_duplicates_joins_every_frame(frames: list[list[str]], data: st.DataObject):
    every = [piece for number, parts in enumerate(frames) for piece in pieces(f"f{number}", *parts)]
    joiner = Joiner()
    joined = {
        piece.id: whole for piece in data.draw(st.permutations(every * 2)) if (whole := joiner.add(piece)) is not None
    }
    assert joined == {f"f{number}": "".join(parts) for number, parts in enumerate(frames)}
