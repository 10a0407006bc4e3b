"""One turn from claim to stored answer, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import pytest

from tests.builders import NOW, match, outcome, question, turn_key
from tests.dialogue.players import ANSWER, BrokenIndex, FoundIndex, PacedChat, abilities
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.job import TurnJob
from thinkaloud.dialogue.turn import Abilities
from thinkaloud.dialogue.worker import REMEMBERED, Rhythm, Stores, Worker
from thinkaloud.errors import Gone, LeaseHeld, ModelBroken, StorageError, StorageThrottled, Throttled
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.models.chat import Delta, Finish
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.records import (
    BLOCK,
    LEASE,
    SKEW,
    Control,
    Outcome,
    Reader,
    Segment,
    Session,
    Turn,
    TurnKey,
)
from thinkaloud.stream.lease import MOST_EPOCHS

JOB = TurnJob(turn_key())


class Conversations(MemoryConversations):
    """In memory; some calls can fail, some others in the way: `before_finish` is called as an answer is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.finish_fails: StorageError | None = None
        self.free_fails: StorageError | None = None
        self.before_finish: Callable[[], object] = lambda: None

    def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
        self.before_finish()
        if self.finish_fails is not None:
            raise self.finish_fails
        super().finish(key, epoch, outcome)

    def free(self, key: TurnKey, now: float) -> str | None:
        if self.free_fails is not None:
            raise self.free_fails
        return super().free(key, now)


class Journal(MemoryJournal):
    """In memory; writing can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    def write(self, key: TurnKey, item: Segment, now: float) -> None:
        if self.fails:
            raise StorageThrottled("DynamoDB answered ThrottlingException")
        super().write(key, item, now)


class ControlItem(MemoryControl):
    """In memory; some looks can fail. `looks` is how often a worker looked."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.first_that_fail: float = 0

    def look(self, key: TurnKey, *, consistent: bool = False) -> Control:
        self.looks += 1
        if 1 < self.looks <= self.first_that_fail:
            raise StorageThrottled("DynamoDB answered ThrottlingException")
        return super().look(key, consistent=consistent)


class Office:
    """A worker with its stores, the client it posts to, and a question that was accepted."""

    def __init__(
        self,
        means: Abilities | None = None,
        poster: RecordingPoster | None = None,
        rhythm: Rhythm | None = None,
    ) -> None:
        self.conversations = Conversations()
        self.journal = Journal()
        self.control = ControlItem()
        self.poster = poster or RecordingPoster()
        self.means = means or abilities()
        self.rhythm = rhythm or Rhythm()
        self.conversations.activate(turn_key(), "lin", NOW)
        self.conversations.create(question(), "c1")

    def worker(self, *, answers: bool = True) -> Worker:
        clock = asyncio.get_running_loop().time
        stores = Stores(self.conversations, self.journal, self.control)
        means = self.means if answers else None
        return Worker(stores, self.poster, means, rhythm=self.rhythm, clock=lambda: NOW + clock())

    async def work(self, job: TurnJob = JOB, seconds: float = float("inf")) -> int:
        return await self.worker().work(job, seconds)

    def answer(self) -> int:
        """Let a worker run; how many turns it was the one to answer."""
        return in_virtual_time(self.work())

    def wait(self, turn: str) -> None:
        """Put a question behind the first one."""
        self.conversations.enqueue(turn_key(turn), behind="turn-0001")
        self.conversations.create(question(key=turn_key(turn)), "c1")

    def frames_of(self, connection: str) -> list[dict[str, Any]]:
        return [json.loads(data) for to, data in self.poster.sent if to == connection]

    @property
    def frames(self) -> list[dict[str, Any]]:
        return self.frames_of("c1")

    @property
    def numbers(self) -> list[int]:
        """Every number that the frames stand for."""
        numbered = [frame for frame in self.frames if "seq" in frame]
        return [number for frame in numbered for number in range(frame.get("from", frame["seq"]), frame["seq"] + 1)]

    @property
    def ends(self) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] in ("complete", "error")]

    @property
    def stored(self) -> Turn:
        turn = self.conversations.get(turn_key())
        assert turn is not None
        return turn

    @property
    def session(self) -> Session:
        session = self.conversations.session("qinghe", "session-1")
        assert session is not None
        return session


def said(frames: Sequence[dict[str, Any]]) -> str:
    """The answer as a client folds it."""
    text = ""
    for frame in frames:
        if frame["type"] == "reset":
            text = ""
        elif frame["type"] == "text":
            text += frame["content"]
    return text


async def dies(office: Office, after: float) -> None:
    """A worker that ends without another word."""
    working = asyncio.create_task(office.work())
    await asyncio.sleep(after)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


def nobody_there(data: str) -> None:
    raise Gone("410")


# ---- one answer ------------------------------------------------------------------------------------------------------


def test_the_client_hears_the_turn_in_order_and_it_is_stored() -> None:
    office = Office()
    assert office.answer() == 1
    kinds = [kind for kind, _ in groupby(frame["type"] for frame in office.frames)]
    assert kinds == ["status", "source", "status", "text", "status", "complete"]
    assert office.numbers == list(range(1, len(office.numbers) + 1))
    assert {connection for connection, _ in office.poster.sent} == {"c1"}
    assert {(frame["session"], frame["turn"], frame["trace"]) for frame in office.frames} == {
        ("session-1", "turn-0001", "trace-1")
    }
    assert office.stored.state == "done"
    assert office.stored.outcome is not None
    assert office.stored.outcome.answer == "A refund takes five working days [1]."


def test_a_turn_that_is_delivered_twice_runs_once() -> None:
    chat = PacedChat(*ANSWER)
    office = Office(abilities(chat=chat))
    assert [office.answer(), office.answer()] == [1, 0]
    assert len(chat.prompts) == 1
    assert office.numbers == list(range(1, len(office.numbers) + 1))


def test_two_workers_at_once_run_it_once() -> None:
    office = Office()

    async def both() -> list[int]:
        return list(await asyncio.gather(office.work(), office.work()))

    assert sorted(in_virtual_time(both())) == [0, 1]
    assert [frame["type"] for frame in office.frames].count("complete") == 1


def test_a_turn_that_nobody_stored_is_not_run() -> None:
    office = Office()
    assert in_virtual_time(office.work(TurnJob(turn_key("turn-0009")))) == 0
    assert office.frames == []


def test_the_answer_is_stored_before_the_client_hears_of_the_end() -> None:
    """Whoever sees the end may ask the next question at once."""
    states: list[str] = []

    def look(data: str) -> None:
        if json.loads(data)["type"] == "complete":
            states.append(office.stored.state)
            assert office.session.active is None

    office = Office(poster=RecordingPoster(look))
    office.answer()
    assert states == ["done"]


def test_a_turn_remembers_the_last_few_exchanges() -> None:
    chat = PacedChat(*ANSWER)
    office = Office(abilities(chat=chat, index=FoundIndex([])))
    turns = [f"turn-{number:04}" for number in range(10, 20)]
    office.conversations.release(turn_key())
    for turn in turns:
        key = turn_key(turn)
        office.conversations.activate(key, "lin", NOW)
        office.conversations.create(question(f"Question {turn}?", key=key), "c1")
        office.conversations.claim(key, NOW)
        office.conversations.finish(key, 1, outcome(f"Answer {turn}."))
        office.conversations.free(key, NOW)
    office.answer()
    asked = [message.content for message in chat.prompts[0] if message.role == "user"][:-1]
    assert asked == [f"Question {turn}?" for turn in turns[-REMEMBERED:]]


def test_the_session_is_free_afterwards_and_remembers_the_turn() -> None:
    office = Office()
    office.answer()
    assert (office.session.active, office.session.recent) == (None, ("turn-0001",))


def test_the_worker_goes_on_with_what_waits() -> None:
    office = Office()
    office.wait("turn-0002")
    office.wait("turn-0003")
    assert office.answer() == 3
    assert [end["turn"] for end in office.ends] == ["turn-0001", "turn-0002", "turn-0003"]
    assert (office.session.active, office.session.queue) == (None, ())


def test_what_there_is_no_time_for_is_left_to_another_worker() -> None:
    office = Office()
    office.wait("turn-0002")
    assert in_virtual_time(office.work(seconds=19.0)) == 1
    assert office.session.active == "turn-0002"


# ---- nobody listens --------------------------------------------------------------------------------------------------


def test_a_client_that_is_gone_finds_its_answer_later() -> None:
    office = Office(poster=RecordingPoster(nobody_there))
    assert office.answer() == 1
    assert office.frames == []
    assert office.stored.outcome is not None
    assert office.stored.outcome.answer == "A refund takes five working days [1]."


def test_a_turn_that_nobody_listens_to_ends_after_a_while_where_it_is_set_to() -> None:
    means = abilities(chat=PacedChat(Delta("A refund"), 300.0, *ANSWER))
    office = Office(means, RecordingPoster(nobody_there), Rhythm(abandon=60.0))

    async def ended() -> float:
        await office.work()
        return asyncio.get_running_loop().time()

    assert in_virtual_time(ended()) == pytest.approx(60.0, abs=2.0)
    assert office.stored.outcome is not None
    assert (office.stored.outcome.answer, office.stored.outcome.finish) == ("A refund", "stopped")


def test_a_client_that_leaves_in_mid_answer_costs_the_answer_nothing() -> None:
    def leaves(data: str) -> None:
        if json.loads(data)["type"] == "text":
            raise Gone("410")

    chat = PacedChat(Delta("A refund "), 1.0, Delta("takes five days."), Finish("stop", None))
    office = Office(abilities(chat=chat), RecordingPoster(leaves))
    office.answer()
    assert "text" not in [frame["type"] for frame in office.frames]
    assert office.stored.outcome is not None
    assert office.stored.outcome.answer == "A refund takes five days."


def test_a_gateway_that_throttles_now_and_then_costs_the_client_nothing() -> None:
    refusals = iter([Throttled("429"), None, Throttled("429"), Throttled("429")])

    def throttle(data: str) -> None:
        if (refusal := next(refusals, None)) is not None:
            raise refusal

    office = Office(poster=RecordingPoster(throttle))
    office.answer()
    assert office.numbers == list(range(1, len(office.numbers) + 1))
    assert office.frames[-1]["type"] == "complete"


# ---- failures --------------------------------------------------------------------------------------------------------


def test_a_model_that_breaks_off_ends_in_one_error_and_the_partial_answer_is_kept() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund"), ModelBroken("half a stream"))))
    office.answer()
    assert office.frames[-1]["type"] == "error"
    assert office.frames[-1]["code"] == "model_broken"
    assert office.stored.state == "failed"
    assert office.stored.outcome is not None
    assert (office.stored.outcome.answer, office.stored.outcome.error) == ("A refund", "model_broken")


def test_a_search_that_fails_is_said_and_answered_all_the_same() -> None:
    office = Office(abilities(index=BrokenIndex()))
    office.answer()
    assert [(frame["type"], frame.get("state")) for frame in office.frames][:2] == [
        ("status", "start"),
        ("status", "error"),
    ]
    assert office.frames[-1]["type"] == "complete"


@pytest.mark.parametrize(
    ("failure", "code"),
    [(StorageThrottled("throttled"), "throttled"), (StorageError("down"), "storage_unavailable")],
)
def test_an_answer_that_cannot_be_stored_ends_in_one_typed_error(failure: StorageError, code: str) -> None:
    office = Office()
    office.conversations.finish_fails = failure
    office.answer()
    assert [(end["type"], end["code"], end["retryable"]) for end in office.ends] == [("error", code, True)]
    assert said(office.frames) == "A refund takes five working days [1]."


def test_a_session_that_cannot_be_freed_costs_the_client_nothing() -> None:
    office = Office()
    office.conversations.free_fails = StorageThrottled("throttled")
    office.answer()
    assert [end["type"] for end in office.ends] == ["complete"]
    assert office.stored.ended, "so that the next question takes its place"


def test_a_journal_that_cannot_be_written_costs_the_client_nothing() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund takes "), 5.0, *ANSWER[1:])))
    office.journal.fails = True
    office.answer()
    assert [end["type"] for end in office.ends] == ["complete"]
    assert said(office.frames) == "A refund takes five working days [1]."


# ---- watching --------------------------------------------------------------------------------------------------------


async def stopped_at(office: Office, moment: float) -> float:
    """Run the worker, ask it to stop at that moment, and say when it ended."""
    loop = asyncio.get_running_loop()
    loop.call_later(moment, office.control.stop, turn_key(), "lin", NOW)
    await office.work()
    return loop.time()


@pytest.mark.parametrize("moment", [0.0, 0.3, 4.9])
def test_a_stop_ends_the_turn_at_the_next_look(moment: float) -> None:
    chat = PacedChat(Delta("A refund takes"), 60.0)
    office = Office(abilities(chat=chat))
    ended = in_virtual_time(stopped_at(office, moment))
    assert ended <= moment + office.rhythm.look + 0.01
    assert chat.closed_at is not None
    assert chat.closed_at <= moment + office.rhythm.look + 0.01
    assert (office.frames[-1]["finish"], office.frames[-1]["reason"]) == ("stopped", "user")
    assert office.stored.outcome is not None
    assert (office.stored.outcome.answer, office.stored.outcome.finish) == ("A refund takes", "stopped")


def test_a_stop_that_came_before_the_worker_is_seen_before_anything_is_asked() -> None:
    chat = PacedChat(60.0)
    office = Office(abilities(chat=chat))
    office.control.stop(turn_key(), "lin", NOW)
    office.answer()
    assert office.frames[-1]["finish"] == "stopped"
    assert chat.prompts == []


def test_a_strangers_stop_stops_nothing() -> None:
    office = Office(abilities(chat=PacedChat(5.0, *ANSWER)))
    office.control.stop(turn_key(), "mei", NOW)
    office.answer()
    assert office.frames[-1]["finish"] == "stop"


def test_a_later_question_ends_the_turn_and_comes_next() -> None:
    chat = PacedChat(Delta("A refund"), 60.0)
    office = Office(abilities(chat=chat))
    office.control.supersede(turn_key(), NOW)
    office.wait("turn-0002")
    office.control.stop(turn_key("turn-0002"), "lin", NOW)
    assert office.answer() == 2
    assert [(end["turn"], end["reason"]) for end in office.ends] == [("turn-0001", "superseded"), ("turn-0002", "user")]


def test_the_functions_deadline_ends_the_turn_in_time_to_store_it() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund"), 900.0)))

    async def ended() -> float:
        await office.work(seconds=100.0)
        return asyncio.get_running_loop().time()

    assert in_virtual_time(ended()) < 91.0
    assert (office.frames[-1]["finish"], office.frames[-1]["reason"]) == ("stopped", "deadline")
    assert office.stored.state == "done"


def test_a_look_that_fails_is_followed_by_another() -> None:
    office = Office(abilities(chat=PacedChat(60.0)))
    office.control.first_that_fail = 10
    office.control.stop(turn_key(), "mei", NOW)
    in_virtual_time(stopped_at(office, 1.0))
    assert office.control.looks > 10
    assert office.frames[-1]["reason"] == "user"


# ---- the lease -------------------------------------------------------------------------------------------------------


def test_a_long_turn_is_its_workers_alone_while_it_lives() -> None:
    office = Office(abilities(chat=PacedChat(300.0, *ANSWER)))

    async def impatient() -> int:
        """Somebody who starts another worker every few seconds."""
        loop, ran = asyncio.get_running_loop(), 0
        while loop.time() < 299.0:
            await asyncio.sleep(7.0)
            ran += await office.work()
        return ran

    async def both() -> list[int]:
        return list(await asyncio.gather(office.work(), impatient()))

    assert in_virtual_time(both()) == [1, 0]
    assert (office.stored.epoch, len(office.ends)) == (1, 1)
    assert [frame["type"] for frame in office.frames].count("heartbeat") >= 29


def test_a_worker_that_died_is_followed_by_another_that_begins_anew() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund takes "), 5.0, *ANSWER[1:])))

    async def twice() -> tuple[int, int]:
        await dies(office, after=3.0)
        at_once = await office.work()
        await asyncio.sleep(LEASE + SKEW)
        return at_once, await office.work()

    assert in_virtual_time(twice()) == (0, 1)
    second = [frame for frame in office.frames if frame.get("seq", 0) > BLOCK]
    assert second[0] == {**second[0], "type": "reset", "step": 0, "seq": BLOCK + 1}
    assert said(office.frames) == "A refund takes five working days [1]."
    assert (office.stored.epoch, len(office.ends)) == (2, 1)


def test_a_worker_that_lost_its_lease_says_nothing_more_and_stores_nothing() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund takes "), 5.0, *ANSWER[1:])))

    def another_takes_it() -> None:
        assert office.conversations.claim(turn_key(), NOW + 3_600)

    office.conversations.before_finish = another_takes_it
    office.answer()
    assert office.ends == []
    assert (office.stored.state, office.stored.epoch) == ("running", 2)
    assert office.session.active == "turn-0001"


def test_after_so_many_workers_a_turn_ends_with_one_typed_error_and_keeps_what_was_said() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund takes "), 900.0)))

    async def again_and_again() -> int:
        for _ in range(MOST_EPOCHS):
            await dies(office, after=3.0)
            await asyncio.sleep(LEASE + SKEW)
        return await office.work()

    assert in_virtual_time(again_and_again()) == 1
    assert [(end["type"], end["code"], end["retryable"]) for end in office.ends] == [("error", "crashed", True)]
    assert said(office.frames) == "A refund takes "
    assert office.stored.outcome is not None
    assert (office.stored.outcome.answer, office.stored.outcome.error) == ("A refund takes ", "crashed")
    assert office.session.active is None


def test_a_turn_that_lambda_gave_up_is_closed_without_a_model_once_its_lease_is_over() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund takes "), 900.0)))

    async def close() -> None:
        await dies(office, after=3.0)
        worker = office.worker(answers=False)
        with pytest.raises(LeaseHeld):
            await worker.close(JOB)
        await asyncio.sleep(LEASE + SKEW)
        await worker.close(JOB)
        await worker.close(JOB)

    in_virtual_time(close())
    assert [end["code"] for end in office.ends] == ["crashed"]
    assert office.stored.state == "failed"


# ---- other readers ---------------------------------------------------------------------------------------------------


def test_who_joins_gets_what_it_lacks_and_then_the_same_as_the_others() -> None:
    office = Office(abilities(chat=PacedChat(Delta("A refund takes "), 5.0, *ANSWER[1:])))
    loop_time = 2.0

    async def joined() -> None:
        reader = Reader("c2", 0, "f7", NOW + loop_time)
        asyncio.get_running_loop().call_later(loop_time, office.control.attach, turn_key(), reader)
        await office.work()

    in_virtual_time(joined())
    hello, *rest = office.frames_of("c2")
    assert (hello["type"], hello["re"], hello["state"], hello["from"]) == ("resumed", "f7", "running", 1)
    assert said(rest) == said(office.frames)
    assert rest[-1] == office.frames[-1]


@pytest.mark.parametrize("cursor", [0, 3, 5])
def test_who_comes_after_the_end_is_told_the_rest_from_the_journal(cursor: int) -> None:
    office = Office()
    office.answer()
    reader = Reader("c2", cursor, "f7", NOW)
    assert in_virtual_time(office.work(TurnJob(turn_key(), reader))) == 0
    hello, *rest = office.frames_of("c2")
    assert (hello["type"], hello["state"], hello["from"]) == ("resumed", "done", cursor + 1)
    assert rest[0].get("from", rest[0]["seq"]) == cursor + 1
    assert rest[-1] == office.frames[-1]
    assert "reset" not in [frame["type"] for frame in rest]


def test_who_comes_after_the_journal_has_expired_is_told_the_stored_answer_anew() -> None:
    office = Office()
    office.answer()
    office.journal.segments.clear()
    in_virtual_time(office.work(TurnJob(turn_key(), Reader("c2", 3, "f7", NOW))))
    _, *rest = office.frames_of("c2")
    assert [frame["type"] for frame in rest] == ["reset", "source", "text", "complete"]
    assert rest[0]["seq"] > office.stored.reserved
    assert said(rest) == "A refund takes five working days [1]."
    assert {**rest[-1], "seq": 0} == {**office.frames[-1], "seq": 0}


def test_an_ended_turn_whose_worker_died_before_it_freed_its_session_lets_the_next_one_run() -> None:
    office = Office()
    office.wait("turn-0002")
    office.conversations.free_fails = StorageThrottled("throttled")
    office.answer()
    assert office.session.active == "turn-0001"
    office.conversations.free_fails = None
    assert office.answer() == 1
    assert [end["turn"] for end in office.ends] == ["turn-0001", "turn-0002"]


def test_two_passages_are_told_to_the_client_before_the_first_word() -> None:
    office = Office(abilities(index=FoundIndex([match("One."), match("Two.")])))
    office.answer()
    kinds = [frame["type"] for frame in office.frames]
    assert kinds.index("source") < kinds.index("text")
    assert [document["id"] for document in office.frames[kinds.index("source")]["docs"]] == ["1", "2"]
