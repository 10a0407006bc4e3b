"""The one sender: what each reader gets, when, and what becomes of it when posts fail. All in virtual time."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stream.frames import STATUS, text
from tests.virtual_time import in_virtual_time
from thinkaloud.errors import Gone, PayloadTooLarge, PostError, PostFailed, Throttled
from thinkaloud.protocol.encode import MAX_FRAME
from thinkaloud.protocol.frames import Resumed, Source, SourceDocument
from thinkaloud.stream.log import TurnLog
from thinkaloud.stream.outbox import Address, Backoff, Outbox
from thinkaloud.stream.pace import Pace

ADDRESS = Address(session="session-1", turn="turn-0001", trace="trace-1")
HERE = "UXcB4dYzFiACJNw="
WORDS = [f"word{number} " for number in range(300)]


class Reader:
    """Somebody who reads at the other end, through a gateway that takes `latency` seconds a post.

    `failures` are raised by one post after another, None meaning that it is taken. A `PostFailed` is raised after the
    frame has arrived, as with a time-out: the sender cannot know.
    """

    def __init__(self, latency: float = 0.010, failures: Iterable[PostError | None] = ()) -> None:
        self.attempts: list[tuple[float, str]] = []
        self.frames: list[dict[str, Any]] = []
        self.arrivals: list[float] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._latency = latency
        self._failures = iter(failures)

    async def post(self, connection: str, data: str) -> None:
        now = asyncio.get_running_loop().time
        self.attempts.append((now(), data))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await asyncio.sleep(self._latency)
        self._in_flight -= 1
        failure = next(self._failures, None)
        if failure is None or isinstance(failure, PostFailed):
            self.frames.append(json.loads(data))
            self.arrivals.append(now())
        if failure is not None:
            raise failure

    @property
    def sequence(self) -> list[dict[str, Any]]:
        """The turn's frames as a client keeps them: in order of their numbers, duplicates dropped."""
        kept = {frame["seq"]: frame for frame in self.frames if "seq" in frame}
        return [kept[number] for number in sorted(kept)]

    @property
    def text(self) -> str:
        return "".join(frame["content"] for frame in self.sequence if frame["type"] == "text")

    @property
    def starts(self) -> list[float]:
        """When each attempt began."""
        return [start for start, _ in self.attempts]


class Turn:
    """Says things into a log, as the worker does."""

    def __init__(self, outbox: Outbox, log: TurnLog) -> None:
        self.outbox = outbox
        self.log = log

    def put(self, frame: Any) -> None:
        self.log.push(frame)
        self.outbox.changed()


class Gone410:
    """Told who answered 410; takes its time, as a table does."""

    def __init__(self) -> None:
        self.connections: list[str] = []

    async def __call__(self, connection: str) -> None:
        await asyncio.sleep(0.005)
        self.connections.append(connection)


class Gateway:
    """Routes posts to readers; who is not known is gone."""

    def __init__(self, **readers: Reader) -> None:
        self.readers = readers

    async def post(self, connection: str, data: str) -> None:
        if connection not in self.readers:
            raise Gone("410")
        await self.readers[connection].post(connection, data)


def play(poster: Any, turn: Callable[[Turn], Awaitable[None]], attach: bool = True, **options: Any) -> Outbox:
    """Run an outbox to its end while a turn fills its log."""

    async def scenario() -> Outbox:
        log = TurnLog(1, 100_000)
        outbox = Outbox(poster, ADDRESS, log, **options)
        if attach:
            outbox.attach(HERE)
        await turn(Turn(outbox, log))
        log.end()
        outbox.changed()
        await outbox.drained()
        return outbox

    return in_virtual_time(scenario())


def at_pace(pieces: Iterable[str], gap: float) -> Callable[[Turn], Awaitable[None]]:
    """A turn that says one piece every `gap` seconds."""

    async def turn(said: Turn) -> None:
        for piece in pieces:
            said.put(text(piece))
            await asyncio.sleep(gap)

    return turn


async def nothing(said: Turn) -> None:
    """A turn that ends at once."""


# ---- pace ------------------------------------------------------------------------------------------------------------


def test_the_first_delta_goes_at_once() -> None:
    reader = Reader(latency=0.0)
    play(reader, at_pace(["First", " second"], gap=0.001))
    assert reader.starts[0] == pytest.approx(0.0, abs=1e-6)
    assert reader.frames[0]["content"] == "First"


def test_posts_keep_their_windows() -> None:
    reader = Reader(latency=0.010)
    play(reader, at_pace(WORDS, gap=0.010))
    gaps = [later - earlier for earlier, later in zip(reader.starts, reader.starts[1:], strict=False)]
    pace = Pace()
    assert gaps[:19] == pytest.approx([pace.early] * 19, abs=1e-6)
    assert gaps[21:38] == pytest.approx([pace.later] * 17, abs=1e-6)


@pytest.mark.parametrize("latency", [0.010, 0.025])
@pytest.mark.parametrize(("rate", "most"), [(50, 80), (100, 50), (250, 28)])
def test_an_answer_of_300_tokens_takes_few_posts(rate: int, most: int, latency: float) -> None:
    """The bars of the design, for models of `rate` tokens a second."""
    reader = Reader(latency)
    play(reader, at_pace(WORDS, gap=1 / rate))
    assert reader.text == "".join(WORDS)
    assert len(reader.attempts) <= most


def test_no_token_waits_longer_than_its_window_and_a_post() -> None:
    reader = Reader(latency=0.010)
    play(reader, at_pace([f"{number:04}" for number in range(300)], gap=0.010))
    seen = [(arrival, frame["content"]) for arrival, frame in zip(reader.arrivals, reader.frames, strict=True)]
    delays = [
        arrival - 0.010 * int(content[place : place + 4])
        for arrival, content in seen
        for place in range(0, len(content), 4)
    ]
    assert max(delays[:100]) <= 0.075
    assert max(delays) <= 0.125


def test_a_slow_gateway_gets_longer_posts_and_never_two_at_once() -> None:
    reader = Reader(latency=0.300)
    play(reader, at_pace(["x"] * 100, gap=0.010))
    assert reader.most_in_flight == 1
    assert len(reader.attempts) <= 5
    assert reader.text == "x" * 100


def test_what_is_not_text_goes_at_once_and_takes_the_text_before_it_along() -> None:
    reader = Reader(latency=0.001)

    async def turn(said: Turn) -> None:
        said.put(text("First"))
        await asyncio.sleep(0.005)
        said.put(text(" and last"))
        said.put(STATUS)
        await asyncio.sleep(1.0)

    play(reader, turn)
    assert [frame["type"] for frame in reader.frames] == ["text", "text", "status"]
    assert max(reader.arrivals) < 0.010


def test_the_end_of_the_log_sends_what_waits() -> None:
    reader = Reader()
    play(reader, at_pace(["First", " and last"], gap=0.0))
    assert reader.text == "First and last"


def test_a_log_that_ends_empty_posts_nothing() -> None:
    reader = Reader()
    play(reader, nothing)
    assert reader.attempts == []


# ---- what a frame carries --------------------------------------------------------------------------------------------


def test_every_frame_is_numbered_from_1_without_a_gap_and_says_whose_it_is() -> None:
    reader = Reader(latency=0.001)

    async def turn(said: Turn) -> None:
        for number in range(5):
            said.put(STATUS)
            said.put(text(f"{number}"))
            await asyncio.sleep(0.070)

    play(reader, turn)
    assert [frame["seq"] for frame in reader.frames] == list(range(1, 11))
    assert {(frame["session"], frame["turn"], frame["trace"]) for frame in reader.frames} == {
        ("session-1", "turn-0001", "trace-1")
    }


def test_text_over_the_gateways_limit_is_split() -> None:
    reader = Reader()
    whole = "年假👍" * 10_000
    play(reader, at_pace([whole], gap=0.0))
    assert len(reader.attempts) == 4
    assert all(len(data.encode()) <= MAX_FRAME for _, data in reader.attempts)
    assert reader.text == whole


# ---- silence ---------------------------------------------------------------------------------------------------------


async def thinks_for_35_seconds(said: Turn) -> None:
    said.put(STATUS)
    await asyncio.sleep(35.0)
    said.put(text("At last."))


def test_a_silent_turn_says_every_ten_seconds_that_it_lives() -> None:
    reader = Reader(latency=0.0)
    play(reader, thinks_for_35_seconds)
    assert [frame["type"] for frame in reader.frames] == ["status", "heartbeat", "heartbeat", "heartbeat", "text"]
    assert reader.starts == pytest.approx([0, 10, 20, 30, 35], abs=1e-3)


def test_a_heartbeat_takes_no_number() -> None:
    reader = Reader(latency=0.0)
    play(reader, thinks_for_35_seconds)
    assert [frame["seq"] for frame in reader.sequence] == [1, 2]
    heartbeat = next(frame for frame in reader.frames if frame["type"] == "heartbeat")
    assert heartbeat == {"type": "heartbeat", "session": "session-1", "turn": "turn-0001"}


def test_a_turn_that_speaks_needs_no_heartbeat() -> None:
    reader = Reader()
    play(reader, at_pace(["word "] * 8, gap=9.0))
    assert {frame["type"] for frame in reader.frames} == {"text"}


# ---- trouble ---------------------------------------------------------------------------------------------------------


def test_a_410_detaches_and_the_turn_goes_on_unheard() -> None:
    reader = Reader(failures=[None, Gone("410")])
    told = []

    async def turn(said: Turn) -> None:
        for number in range(50):
            said.put(text(f"{number} "))
            told.append(number)
            await asyncio.sleep(0.1)

    left, gone = [], Gone410()
    play(reader, turn, left=left.append, gone=gone)
    assert left == gone.connections == [HERE]
    assert len(reader.attempts) == 2, "nobody is posted to after a 410"
    assert len(told) == 50


def test_a_frame_the_gateway_finds_too_large_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader(failures=[PayloadTooLarge("413")])
    left, gone = [], Gone410()
    play(reader, at_pace(["First", " second"], gap=1.0), left=left.append, gone=gone)
    assert (left, gone.connections) == ([HERE], [])
    assert len(reader.attempts) == 1


@pytest.mark.parametrize("failure", [Throttled("429"), PostFailed("time-out")])
def test_a_refused_post_is_repeated_word_for_word(failure: PostError) -> None:
    reader = Reader(failures=[failure] * 3)
    play(reader, at_pace(["First", " second"], gap=0.010))
    first_four = {data for _, data in reader.attempts[:4]}
    assert len(first_four) == 1, "another text under the same number would be dropped as a duplicate"
    assert reader.text == "First second"
    assert reader.most_in_flight == 1


def test_retries_back_off_with_jitter_below_a_doubling_bound() -> None:
    backoff = Backoff(first=0.05, most=2.0)
    for attempt in range(12):
        delays = [backoff.delay(attempt) for _ in range(200)]
        bound = min(2.0, 0.05 * 2**attempt)
        assert 0.0 <= min(delays) < 0.2 * bound
        assert 0.8 * bound < max(delays) <= bound


def test_a_gateway_that_refuses_for_too_long_is_given_up() -> None:
    reader = Reader(failures=[Throttled("429")] * 10_000)
    left, gone = [], Gone410()
    play(reader, at_pace(["First"], gap=100.0), backoff=Backoff(patience=30.0), left=left.append, gone=gone)
    assert (left, gone.connections) == ([HERE], []), "it may well be there: its connection is not to be forgotten"
    assert 30.0 <= reader.starts[-1] <= 33.0


def test_a_storm_of_429s_slows_the_posts_down_and_its_end_speeds_them_up_again() -> None:
    calm, stormy = (
        Reader(latency=0.010),
        Reader(latency=0.010, failures=[Throttled("429"), Throttled("429"), None] * 20),
    )
    pieces = [f"{number} " for number in range(2_000)]
    for reader in (calm, stormy):
        play(reader, at_pace(pieces, gap=0.010))
        assert reader.text == "".join(pieces)
    assert len(stormy.attempts) < len(calm.attempts)
    last = [later - earlier for earlier, later in zip(stormy.starts[-12:], stormy.starts[-11:-1], strict=False)]
    assert last == pytest.approx([0.100] * 10, abs=1e-3)


def test_a_worker_that_lost_its_lease_posts_nothing_more() -> None:
    reader = Reader(latency=0.010)
    play(reader, at_pace(WORDS, gap=0.010), may_post=lambda: asyncio.get_running_loop().time() < 1.0)
    assert 0.9 < max(reader.starts) < 1.0


def test_closing_ends_every_lane_and_lets_the_post_under_way_arrive() -> None:
    reader = Reader(latency=60.0)

    async def scenario() -> float:
        log = TurnLog(1, 10)
        outbox = Outbox(reader, ADDRESS, log)
        outbox.attach(HERE)
        log.push(STATUS)
        outbox.changed()
        await asyncio.sleep(1.0)
        await outbox.aclose()
        assert outbox.readers == 0
        return asyncio.get_running_loop().time()

    assert in_virtual_time(scenario()) == pytest.approx(60.0, abs=1e-3)
    assert len(reader.frames) == 1


# ---- several readers -------------------------------------------------------------------------------------------------


def hello(first: int, to: int, re: str = "7") -> Resumed:
    return Resumed(re=re, session="session-1", turn="turn-0001", state="running", first=first, to=to)


def test_a_second_reader_gets_everything_behind_its_cursor_in_few_posts() -> None:
    first, second = Reader(), Reader()

    async def turn(said: Turn) -> None:
        said.outbox.attach("first")
        for number, word in enumerate(WORDS):
            if number == 203:
                said.outbox.attach("second", 3, hello(4, said.log.last))
            said.put(text(word))
            await asyncio.sleep(0.010)

    play(Gateway(first=first, second=second), turn, attach=False)
    assert first.text == "".join(WORDS)
    assert second.frames[0]["type"] == "resumed"
    assert (second.frames[1]["from"], second.frames[0]["to"]) == (4, second.frames[1]["seq"] - 1)
    seen_before = "".join(frame["content"] for frame in first.sequence if frame["seq"] <= 3)
    assert seen_before + second.text == "".join(WORDS)
    assert len(second.frames) < 25


def test_a_slow_reader_does_not_hold_up_a_quick_one() -> None:
    quick, slow = Reader(latency=0.005), Reader(latency=3.0)

    async def turn(said: Turn) -> None:
        said.outbox.attach("quick")
        said.outbox.attach("slow")
        await at_pace(WORDS, gap=0.010)(said)

    play(Gateway(quick=quick, slow=slow), turn, attach=False)
    assert quick.text == slow.text == "".join(WORDS)
    assert max(quick.arrivals) < 3.2
    assert len(slow.attempts) <= 4


def test_who_asks_again_starts_over_from_there_and_no_post_overtakes_the_one_under_way() -> None:
    reader = Reader(latency=0.200)

    async def turn(said: Turn) -> None:
        said.put(text("First"))
        await asyncio.sleep(0.050)
        for number in range(3):
            said.outbox.attach(HERE, 0, hello(1, said.log.last, re=str(number)))
            await asyncio.sleep(0.020)
        said.put(STATUS)

    play(reader, turn)
    assert reader.most_in_flight == 1
    assert [frame.get("re") for frame in reader.frames if frame["type"] == "resumed"] == ["0", "1", "2"]
    assert [frame["type"] for frame in reader.sequence] == ["text", "status"]


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.001, 0.02, 0.3]), st.integers(0, 12)), min_size=2, max_size=6),
    st.lists(st.sampled_from([None, Throttled("429"), PostFailed("502")]), max_size=12),
    st.sampled_from([0.0, 0.01, 0.4]),
)
def test_every_resume_is_answered_and_gets_all_behind_its_cursor(
    resumes: list[tuple[float, int]], failures: list[PostError | None], latency: float
) -> None:
    reader = Reader(latency, failures)

    async def turn(said: Turn) -> None:
        for number in range(8):
            said.put(text(f"{number} ", part=f"p{number}"))
        said.outbox.attach(HERE)
        await asyncio.sleep(0.05)
        for number, (pause, after) in enumerate(resumes):
            await asyncio.sleep(pause)
            said.outbox.attach(HERE, after, hello(after + 1, said.log.last, re=str(number)))
        await asyncio.sleep(0.5)
        said.put(STATUS)

    play(reader, turn)
    assert reader.most_in_flight == 1
    for number, (_, after) in enumerate(resumes):
        heard = [index for index, frame in enumerate(reader.frames) if frame.get("re") == str(number)]
        assert heard, "every resume has its reply"
        behind = {frame["seq"] for frame in reader.frames[heard[0] :] if "seq" in frame}
        assert behind >= set(range(min(after, 8) + 1, 10)), "and, behind the reply, all that was asked for"


def test_a_reader_that_is_gone_takes_nobody_along() -> None:
    reader = Reader()

    async def turn(said: Turn) -> None:
        said.outbox.attach("reader")
        said.outbox.attach("nobody")
        await at_pace(WORDS[:50], gap=0.010)(said)
        assert said.outbox.readers == 1

    gone = Gone410()
    play(Gateway(reader=reader), turn, attach=False, gone=gone)
    assert gone.connections == ["nobody"]
    assert reader.text == "".join(WORDS[:50])


def test_a_cursor_ahead_of_the_log_gets_what_comes() -> None:
    reader = Reader()

    async def turn(said: Turn) -> None:
        said.put(text("First"))
        said.log.seal()
        said.outbox.attach("reader", 999)
        await asyncio.sleep(1.0)
        said.put(text(" second"))

    play(Gateway(reader=reader), turn, attach=False)
    assert reader.text == " second"


# ---- large frames and slow readers -----------------------------------------------------------------------------------

_PASSAGE = {"title": "年假👍" * 1_000, "uri": "zh/leave.md", "score": 0.5, "snippet": '"\\\n' * 1_000}
LARGE = Source(docs=tuple(SourceDocument.model_validate({"id": str(number), **_PASSAGE}) for number in range(16)))


def joined(frames: list[dict[str, Any]]) -> dict[str, Any]:
    """The frame that fragments carry."""
    assert {frame["count"] for frame in frames} == {len(frames)}
    assert len({frame["id"] for frame in frames}) == 1
    pieces = {frame["index"]: frame["data"] for frame in frames}
    whole: dict[str, Any] = json.loads("".join(pieces[index] for index in range(len(pieces))))
    return whole


@pytest.mark.parametrize("failures", [[], [Throttled("429"), None, PostFailed("time-out"), Throttled("429")]])
def test_a_frame_over_the_gateways_limit_goes_in_fragments(failures: list[PostError | None]) -> None:
    reader = Reader(failures=failures)

    async def turn(said: Turn) -> None:
        said.put(LARGE)
        said.put(STATUS)

    play(reader, turn)
    *pieces, status = reader.frames
    assert all(len(data.encode()) <= MAX_FRAME for _, data in reader.attempts)
    once = list({piece["index"]: piece for piece in pieces}.values())
    assert len(once) > 6
    whole = joined(once)
    assert (whole["type"], whole["seq"], status["seq"]) == ("source", 1, 2)
    assert whole["docs"] == LARGE.model_dump(mode="json", exclude_none=True)["docs"]


def test_a_reader_with_a_rate_gets_no_more_than_that_even_at_the_end() -> None:
    reader = Reader(latency=0.010)

    async def turn(said: Turn) -> None:
        for _ in range(100):
            said.put(text("x" * 20))
            await asyncio.sleep(0.010)
        said.put(STATUS)

    play(reader, turn, pace=Pace(characters=200.0))
    assert reader.text == "x" * 2_000
    assert reader.frames[-1]["type"] == "status"
    sent = 0
    for (start, _), frame in zip(reader.attempts, reader.frames, strict=True):
        if frame["type"] == "text":
            assert sent <= 200.0 * start + 20
            sent += len(frame["content"])


def test_a_reader_that_waits_long_for_its_rate_is_told_that_the_turn_lives() -> None:
    reader = Reader(latency=0.0)

    async def turn(said: Turn) -> None:
        said.put(text("x" * 35))
        await asyncio.sleep(0.1)
        said.put(text("y"))

    play(reader, turn, pace=Pace(characters=1.0))
    assert [frame["type"] for frame in reader.frames] == ["text", "heartbeat", "heartbeat", "heartbeat", "text"]


def test_memory_does_not_grow_with_a_readers_slowness() -> None:
    """Every reader reads one log: a slow one costs its cursor, not a copy of what it has not seen."""

    def peak(latency: float) -> int:
        reader = Reader(latency)
        reader.frames = Forgetful()
        reader.attempts = Forgetful()
        tracemalloc.start()
        play(reader, at_pace(["年假 " * 20] * 3_000, gap=0.010))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(5.0) < 1.5 * peak(0.010) + 200_000


class Forgetful(list[Any]):
    """Keeps nothing."""

    def append(self, item: Any) -> None:
        pass


# ---- whatever happens ------------------------------------------------------------------------------------------------


FAILURES = st.lists(st.sampled_from([None, None, Throttled("429"), PostFailed("time-out")]), max_size=40)
PIECES = st.lists(
    st.tuples(
        st.text(st.sampled_from('ab 年假额，。👍🏽👩‍👩‍👧\u0301\n"\\\x07'), min_size=1, max_size=6),
        st.sampled_from([0.0, 0.001, 0.020, 0.120, 12.0]),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(PIECES, FAILURES, st.sampled_from([0.0, 0.010, 0.200]), st.booleans())
def test_whatever_happens_on_the_way_the_reader_sees_the_same_text_in_order(
    pieces: list[tuple[str, float]], failures: list[PostError | None], latency: float, with_status: bool
) -> None:
    reader = Reader(latency, failures)

    async def turn(said: Turn) -> None:
        for piece, gap in pieces:
            said.put(text(piece))
            if with_status:
                said.put(STATUS)
            await asyncio.sleep(gap)

    play(reader, turn)
    assert reader.text == "".join(piece for piece, _ in pieces)
    assert [frame["seq"] for frame in reader.sequence] == list(range(1, len(reader.sequence) + 1))
    first_seen = list(dict.fromkeys(frame["seq"] for frame in reader.frames if "seq" in frame))
    assert first_seen == sorted(first_seen), "no frame overtakes another"
    assert reader.most_in_flight <= 1
