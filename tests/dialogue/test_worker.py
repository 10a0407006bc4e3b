"""One turn from claim to stored answer, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pytest

from tests.builders import NOW, match, outcome, question, turn_key
from tests.dialogue.players import ANSWER, BrokenIndex, FoundIndex, PacedChat, abilities
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.job import TurnJob
from thinkaloud.dialogue.turn import Abilities
from thinkaloud.dialogue.worker import HOLD, REMEMBERED, WATCH_INTERVAL, Worker
from thinkaloud.errors import Gone, ModelBroken, SessionBusy, StorageError, StorageThrottled, Throttled
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.models.chat import Delta, Finish
from thinkaloud.state.memory import MemoryConversations
from thinkaloud.state.records import Outcome, Turn, TurnKey

JOB = TurnJob(question(), connection="c1", recent=())


class Conversations(MemoryConversations):
    """In memory; some calls can fail. `looks` is how often a worker looked for a stop."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.finish_fails: StorageError | None = None
        self.looks_fail = False

    def stop_requested(self, key: TurnKey, user: str) -> bool:
        self.looks += 1
        if self.looks_fail:
            raise StorageThrottled("DynamoDB answered ThrottlingException")
        return super().stop_requested(key, user)

    def finish(self, key: TurnKey, outcome: Outcome, recent: Sequence[str]) -> None:
        if self.finish_fails is not None:
            raise self.finish_fails
        super().finish(key, outcome, recent)


class Office:
    """A worker with its stores, the client it posts to, and a question that was accepted."""

    def __init__(self, means: Abilities | None = None, poster: RecordingPoster | None = None) -> None:
        self.conversations = Conversations()
        self.poster = poster or RecordingPoster()
        self.means = means or abilities()
        self.conversations.activate(turn_key(), "lin", NOW, NOW + 75)
        self.conversations.create(question())

    async def work(self, job: TurnJob = JOB) -> bool:
        clock = asyncio.get_running_loop().time
        return await Worker(self.conversations, self.poster, self.means, clock=lambda: NOW + clock()).run(job)

    def answer(self) -> bool:
        """Let a worker run; whether it was the one to answer."""
        return in_virtual_time(self.work())

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(data) for _, data in self.poster.sent]

    @property
    def numbers(self) -> list[int]:
        return [frame["seq"] for frame in self.frames]

    @property
    def stored(self) -> Turn:
        turn = self.conversations.get(turn_key())
        assert turn is not None
        return turn


def nobody_there(data: str) -> None:
    raise Gone("410")


# ---- one answer ------------------------------------------------------------------------------------------------------


def test_the_client_hears_the_turn_in_order_and_it_is_stored() -> None:
    office = Office()
    assert office.answer()
    kinds = [kind for kind, _ in groupby(frame["type"] for frame in office.frames)]
    assert kinds == ["status", "source", "status", "text", "status", "complete"]
    assert office.numbers == list(range(1, len(office.frames) + 1))
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
    assert [office.answer(), office.answer()] == [True, False]
    assert len(chat.prompts) == 1
    assert office.numbers == list(range(1, len(office.frames) + 1))


def test_two_workers_at_once_run_it_once() -> None:
    office = Office()

    async def both() -> list[bool]:
        return list(await asyncio.gather(office.work(), office.work()))

    assert sorted(in_virtual_time(both())) == [False, True]
    assert [frame["type"] for frame in office.frames].count("complete") == 1


def test_a_turn_that_nobody_stored_is_not_run() -> None:
    office = Office()
    unknown = TurnJob(question(key=turn_key("turn-0009")), "c1", ())
    assert not in_virtual_time(office.work(unknown))
    assert office.frames == []


def test_the_answer_is_stored_before_the_client_hears_of_the_end() -> None:
    """Whoever sees the end may ask the next question at once."""
    states: list[str] = []

    def look(data: str) -> None:
        if json.loads(data)["type"] == "complete":
            states.append(office.stored.state)
            office.conversations.activate(turn_key("turn-0002"), "lin", NOW, NOW + 75)

    office = Office(poster=RecordingPoster(look))
    office.answer()
    assert states == ["done"]


def test_a_turn_remembers_the_last_few_exchanges() -> None:
    chat = PacedChat(*ANSWER)
    office = Office(abilities(chat=chat, index=FoundIndex([])))
    turns = [f"turn-{number:04}" for number in range(10, 20)]
    for turn in turns:
        key = turn_key(turn)
        office.conversations.create(question(f"Question {turn}?", key=key))
        office.conversations.finish(key, outcome(f"Answer {turn}."), ())
    in_virtual_time(office.work(TurnJob(question(), "c1", tuple(turns))))
    asked = [message.content for message in chat.prompts[0] if message.role == "user"][:-1]
    assert asked == [f"Question {turn}?" for turn in turns[-REMEMBERED:]]


def test_the_session_is_free_afterwards_and_remembers_the_turn() -> None:
    office = Office()
    office.answer()
    active = office.conversations.activate(turn_key("turn-0002"), "lin", NOW, NOW + 75)
    assert active.recent == ("turn-0001",)


# ---- nobody listens --------------------------------------------------------------------------------------------------


def test_a_client_that_is_gone_finds_its_answer_later() -> None:
    office = Office(poster=RecordingPoster(nobody_there))
    assert office.answer()
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
    assert office.numbers == list(range(1, len(office.frames) + 1))
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
    ends = [frame for frame in office.frames if frame["type"] in ("complete", "error")]
    assert [(end["type"], end["code"], end["retryable"]) for end in ends] == [("error", code, True)]


# ---- watching --------------------------------------------------------------------------------------------------------


async def stopped_at(office: Office, moment: float) -> float:
    """Run the worker, ask it to stop at that moment, and say when it ended."""
    loop = asyncio.get_running_loop()
    loop.call_later(moment, office.conversations.request_stop, turn_key(), "lin", NOW)
    await office.work()
    return loop.time()


@pytest.mark.parametrize("moment", [0.0, 0.3, 4.9])
def test_a_stop_ends_the_turn_within_the_watch_interval(moment: float) -> None:
    chat = PacedChat(Delta("A refund takes"), 60.0)
    office = Office(abilities(chat=chat))
    ended = in_virtual_time(stopped_at(office, moment))
    assert ended <= moment + WATCH_INTERVAL + 0.01
    assert chat.closed_at is not None
    assert chat.closed_at <= moment + WATCH_INTERVAL + 0.01
    assert (office.frames[-1]["finish"], office.frames[-1]["reason"]) == ("stopped", "user")
    assert office.stored.outcome is not None
    assert (office.stored.outcome.answer, office.stored.outcome.finish) == ("A refund takes", "stopped")


def test_a_stop_that_came_before_the_worker_is_seen_too() -> None:
    office = Office(abilities(chat=PacedChat(60.0)))
    office.conversations.request_stop(turn_key(), "lin", NOW)
    office.answer()
    assert office.frames[-1]["finish"] == "stopped"


def test_a_strangers_stop_stops_nothing() -> None:
    office = Office(abilities(chat=PacedChat(5.0, *ANSWER)))
    office.conversations._stops.add((turn_key(), "mei"))
    office.answer()
    assert office.frames[-1]["finish"] == "stop"


def test_a_look_that_fails_is_followed_by_another() -> None:
    office = Office(abilities(chat=PacedChat(5.0, *ANSWER)))
    office.conversations.looks_fail = True
    office.answer()
    assert office.conversations.looks == 10
    assert office.frames[-1]["type"] == "complete"


def test_the_session_is_kept_while_a_long_turn_lives() -> None:
    office = Office(abilities(chat=PacedChat(300.0, *ANSWER)))
    admitted: list[float] = []

    async def impatient() -> None:
        """Somebody who asks another question every few seconds."""
        loop = asyncio.get_running_loop()
        while loop.time() < 299.0:
            await asyncio.sleep(7.0)
            try:
                office.conversations.activate(turn_key("turn-0002"), "lin", NOW + loop.time(), NOW + loop.time() + 75)
            except SessionBusy:
                continue
            admitted.append(loop.time())

    async def both() -> None:
        await asyncio.gather(office.work(), impatient())

    in_virtual_time(both())
    assert admitted == [] or min(admitted) > 300.0
    assert [frame["type"] for frame in office.frames].count("heartbeat") >= 29


def test_a_worker_that_dies_frees_its_session_soon() -> None:
    office = Office(abilities(chat=PacedChat(300.0, *ANSWER)))

    async def dies() -> float:
        working = asyncio.create_task(office.work())
        await asyncio.sleep(100.0)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        return NOW + asyncio.get_running_loop().time()

    died = in_virtual_time(dies())
    with pytest.raises(SessionBusy):
        office.conversations.activate(turn_key("turn-0002"), "lin", died, died + 75)
    office.conversations.activate(turn_key("turn-0002"), "lin", died + HOLD, died + HOLD + 75)


def test_two_passages_are_told_to_the_client_before_the_first_word() -> None:
    office = Office(abilities(index=FoundIndex([match("One."), match("Two.")])))
    office.answer()
    kinds = [frame["type"] for frame in office.frames]
    assert kinds.index("source") < kinds.index("text")
    assert [document["id"] for document in office.frames[kinds.index("source")]["docs"]] == ["1", "2"]
