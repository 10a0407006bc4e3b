"""What one client hears of a turn, and what is stored of it, from claim to end. In virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pytest

from tests.builders import NOW, match, outcome, question, turn_key
from tests.dialogue.players import ANSWER, BrokenRetriever, Found, PacedChat, abilities
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.work.job import RecordingDispatcher, TurnJob
from thinkaloud.dialogue.work.means import Rhythm, Stores
from thinkaloud.dialogue.work.run import REMEMBERED
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.errors import EndNotStored, Gone, ModelBroken, ModelBusy, StorageError, StorageThrottled, Throttled
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.models.chat import Delta, Finish
from thinkaloud.state.audit import Audit, AuditStore, MemoryAudits
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import (
    Outcome,
    Reader,
    Session,
    Turn,
    TurnKey,
)

JOB = TurnJob(turn_key())
LOOK = Rhythm().look


class Conversations(MemoryConversations):
    """In memory; some calls can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.finish_fails: StorageError | None = None
        self.free_fails: StorageError | None = None

    def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
        if self.finish_fails is not None:
            raise self.finish_fails
        super().finish(key, epoch, outcome)

    def free(self, key: TurnKey, now: float) -> str | None:
        if self.free_fails is not None:
            raise self.free_fails
        return super().free(key, now)


class Office:
    """A worker with its stores, the client it posts to, and a question that was accepted."""

    def __init__(
        self,
        means: Abilities | None = None,
        poster: RecordingPoster | None = None,
    ) -> None:
        self.conversations = Conversations()
        self.journal = MemoryJournal()
        self.control = MemoryControl()
        self.audits: AuditStore = MemoryAudits()
        self.poster = poster or RecordingPoster()
        self.means = means or abilities()
        self.conversations.activate(turn_key(), "lin", NOW)
        self.conversations.create(question(), "c1")

    async def work(self, job: TurnJob = JOB) -> int:
        clock = asyncio.get_running_loop().time
        stores = Stores(self.conversations, self.journal, self.control, MemoryConnections(), self.audits)
        worker = Worker(stores, self.poster, self.means, RecordingDispatcher(), clock=lambda: NOW + clock())
        return await worker.work(job)

    def answer(self) -> int:
        """Let a worker run; how many turns it was the one to answer."""
        return in_virtual_time(self.work())

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


def nobody_there(data: str) -> None:
    raise Gone("410")


# ---- one answer ------------------------------------------------------------------------------------------------------


def test_the_client_hears_the_turn_in_order_and_it_is_stored() -> None:
    office = Office()
    assert office.answer() == 1
    kinds = [kind for kind, _ in groupby(frame["type"] for frame in office.frames)]
    assert kinds == ["status", "source", "status", "text", "complete"]
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
    office = Office(abilities(chat=chat))
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


# ---- why -------------------------------------------------------------------------------------------------------------


def test_it_is_kept_why_the_answer_was_given() -> None:
    office = Office()
    office.answer()
    audit = office.audits.read(turn_key())
    assert audit is not None
    assert (audit.question, audit.finish, audit.cited) == ("How long does a refund take?", "stop", ("1",))
    assert audit.timings == office.ends[0]["timings"]


def test_it_is_kept_of_a_turn_that_failed_too() -> None:
    office = Office(abilities(chat=PacedChat(ModelBusy("429"))))
    office.answer()
    audit = office.audits.read(turn_key())
    assert audit is not None
    assert (audit.finish, audit.error) == ("error", "model_busy")


def test_a_turn_whose_audit_cannot_be_kept_is_answered_all_the_same() -> None:
    class Silent(MemoryAudits):
        def write(self, key: TurnKey, audit: Audit, now: float) -> None:
            raise StorageThrottled("too much")

    office = Office()
    office.audits = Silent()
    assert office.answer() == 1
    assert [end["type"] for end in office.ends] == ["complete"]
    assert office.stored.state == "done"


# ---- nobody listens --------------------------------------------------------------------------------------------------


def test_a_client_that_is_gone_finds_its_answer_later() -> None:
    office = Office(poster=RecordingPoster(nobody_there))
    assert office.answer() == 1
    assert office.frames == []
    assert office.stored.outcome is not None
    assert office.stored.outcome.answer == "A refund takes five working days [1]."


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
    office = Office(abilities(retriever=BrokenRetriever()))
    office.answer()
    assert [(frame["type"], frame.get("state")) for frame in office.frames][:2] == [
        ("status", "start"),
        ("status", "error"),
    ]
    assert office.frames[-1]["type"] == "complete"


def test_an_answer_that_cannot_be_stored_is_told_to_its_end_and_tried_again() -> None:
    office = Office()
    office.conversations.finish_fails = StorageThrottled("throttled")
    with pytest.raises(EndNotStored):
        office.answer()
    assert [end["type"] for end in office.ends] == ["complete"]
    assert said(office.frames) == "A refund takes five working days [1]."


def test_a_session_that_cannot_be_freed_costs_the_client_nothing() -> None:
    office = Office()
    office.conversations.free_fails = StorageThrottled("throttled")
    office.answer()
    assert [end["type"] for end in office.ends] == ["complete"]
    assert office.stored.ended, "so that the next question takes its place"


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
    assert ended <= moment + LOOK + 0.01
    assert chat.closed_at is not None
    assert chat.closed_at <= moment + LOOK + 0.01
    assert (office.frames[-1]["finish"], office.frames[-1]["reason"]) == ("stopped", "user")
    assert office.stored.outcome is not None
    assert (office.stored.outcome.answer, office.stored.outcome.finish) == ("A refund takes", "stopped")


# ---- one worker ------------------------------------------------------------------------------------------------------


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


# ---- other readers ---------------------------------------------------------------------------------------------------


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


def test_two_passages_are_told_to_the_client_before_the_first_word() -> None:
    office = Office(abilities(retriever=Found([match("One."), match("Two.")])))
    office.answer()
    kinds = [frame["type"] for frame in office.frames]
    assert kinds.index("source") < kinds.index("text")
    assert [document["id"] for document in office.frames[kinds.index("source")]["docs"]] == ["1", "2"]
