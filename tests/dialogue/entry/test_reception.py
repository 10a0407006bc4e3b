"""What becomes of a client's message, in every state a turn can be in; and the busy policies under many at once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest

from tests.builders import NOW, match, outcome, principal, question, turn_key
from tests.dialogue.players import Found
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.entry.admission import BusyPolicy
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.reception import Reception
from thinkaloud.dialogue.work.job import TurnJob
from thinkaloud.dialogue.work.means import Stores
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.errors import DispatchFailed, KeysUnavailable
from thinkaloud.gateway.events import Message
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.protocol.frames import Accepted, Error, Notice, Pong, Reply, Resumed
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import DISPATCH_TIME, LEASE, SKEW, Reader, Turn, TurnKey
from thinkaloud.state.stores import ControlStore, ConversationStore
from thinkaloud.telemetry import logger

HERE = "UXcB4dYzFiACJNw="
FIRST, SECOND, THIRD = turn_key("turn-0001"), turn_key("turn-0002"), turn_key("turn-0003")


class Desk:
    """A reception with its stores, the jobs it hands over, and a clock that stands until it is moved."""

    def __init__(
        self, busy: BusyPolicy = "reject", conversations: ConversationStore | None = None, control: Any = None
    ) -> None:
        self.conversations = conversations or MemoryConversations()
        self.control: ControlStore = control or MemoryControl()
        self.jobs: list[TurnJob] = []
        self.refuses = False
        self.now = NOW
        authentication = Authentication(MemoryConnections(), lambda: pytest.fail("no token was sent"), self.clock)
        self.reception = Reception(self.conversations, self.control, self, authentication, busy=busy, clock=self.clock)

    def clock(self) -> float:
        return self.now

    def dispatch(self, job: TurnJob) -> None:
        if self.refuses:
            raise DispatchFailed("429")
        self.jobs.append(job)

    def say(self, user: str = "lin", connection: str = HERE, **frame: Any) -> Reply | None:
        body = json.dumps({"session": "session-1", "id": "7", **frame})
        return self.reception.receive(Message(connection, principal(user=user, expires=int(NOW) + 10**6), body))

    def ask(self, key: TurnKey, user: str = "lin") -> Reply | None:
        message = {"id": "m1", "text": "年假有几天？"}
        return self.say(user, action="ask", session=key.session, turn=key.turn, message=message)

    def resume(self, key: TurnKey | None, after: int = 0, user: str = "lin", connection: str = HERE) -> Reply | None:
        turn = {} if key is None else {"turn": key.turn}
        return self.say(user, connection, action="resume", after=after, **turn)

    def claim(self, key: TurnKey) -> Turn:
        turn = self.conversations.claim(key, self.now)
        assert turn is not None
        return turn

    def answer(self, key: TurnKey) -> None:
        """A turn from question to end."""
        assert isinstance(self.ask(key), Accepted)
        self.conversations.finish(key, self.claim(key).epoch, outcome())
        self.conversations.free(key, self.now)
        self.jobs.clear()


def code(reply: Reply | None) -> str:
    assert isinstance(reply, Error)
    return reply.code


def noticed(reply: Reply | None) -> str:
    assert isinstance(reply, Notice)
    assert (reply.re, bool(reply.message)) == ("7", True)
    return reply.code


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The audit lines that are logged, as their fields."""
    lines: list[dict[str, Any]] = []

    def keep(message: str, *, extra: dict[str, Any], **_: Any) -> None:
        if message.startswith("audit:"):
            lines.append({"message": message, **extra})

    monkeypatch.setattr(logger(), "warning", keep)
    return lines


def state(reply: Reply | None) -> tuple[str | None, str]:
    assert isinstance(reply, Resumed)
    return reply.turn, reply.state


# ---- ask -------------------------------------------------------------------------------------------------------------


def test_a_question_is_stored_and_handed_over_and_then_accepted() -> None:
    desk = Desk()
    reply = desk.ask(FIRST)
    assert isinstance(reply, Accepted)
    assert (reply.re, reply.turn) == ("7", FIRST.turn)
    assert desk.jobs == [TurnJob(FIRST)]
    turn = desk.conversations.get(FIRST)
    assert turn is not None
    assert (turn.question.text, turn.question.trace, turn.connection) == ("年假有几天？", reply.trace, HERE)


def test_who_heard_nothing_asks_again_and_gets_the_same_turn() -> None:
    desk = Desk()
    first, again = desk.ask(FIRST), desk.ask(FIRST)
    assert first == again
    assert desk.jobs == [TurnJob(FIRST)] * 2, "a pending turn's worker may never have come; claiming is exact"
    desk.claim(FIRST)
    assert desk.ask(FIRST) == first
    assert len(desk.jobs) == 2, "a worker has it"


def test_a_turn_that_has_ended_is_accepted_again_and_blocks_nothing() -> None:
    desk = Desk()
    desk.answer(FIRST)
    assert isinstance(desk.ask(FIRST), Accepted)
    assert desk.jobs == []
    assert isinstance(desk.ask(SECOND), Accepted)


@pytest.mark.parametrize("busy", ["reject", "queue", "interrupt"])
def test_a_turn_that_has_ended_is_accepted_again_while_another_one_is_answered(busy: BusyPolicy) -> None:
    desk = Desk(busy)
    desk.answer(FIRST)
    desk.ask(SECOND)
    assert isinstance(desk.ask(FIRST), Accepted)
    session = desk.conversations.session("qinghe", "session-1")
    assert session is not None
    assert (session.active, session.queue) == (SECOND.turn, ())
    assert not desk.control.look(SECOND, consistent=True).superseded


def test_asking_again_rescues_a_turn_whose_worker_died() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.claim(FIRST)
    desk.jobs.clear()
    desk.now += LEASE + SKEW + 1
    desk.ask(FIRST)
    assert desk.jobs == [TurnJob(FIRST)]


def test_a_busy_session_refuses_and_keeps_nothing_of_the_question() -> None:
    desk = Desk()
    desk.ask(FIRST)
    assert code(desk.ask(SECOND)) == "busy"
    assert desk.conversations.get(SECOND) is None


def test_a_question_that_cannot_be_handed_over_leaves_the_session_free() -> None:
    desk = Desk()
    desk.refuses = True
    assert code(desk.ask(FIRST)) == "throttled"
    desk.refuses = False
    assert isinstance(desk.ask(SECOND), Accepted)
    desk.conversations.free(SECOND, NOW)
    assert isinstance(desk.ask(FIRST), Accepted)
    assert desk.jobs == [TurnJob(SECOND), TurnJob(FIRST)]


def test_another_users_session_is_closed_to_every_frame() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.jobs.clear()
    assert code(desk.ask(SECOND, "mei")) == "forbidden"
    assert code(desk.resume(FIRST, user="mei")) == "forbidden"
    assert code(desk.say("mei", action="stop", turn=FIRST.turn)) == "forbidden"
    assert code(desk.say("mei", action="ping", turn=FIRST.turn)) == "forbidden"
    said = desk.control.look(FIRST, consistent=True)
    assert (said.readers, said.stopped_by) == ((), frozenset())
    assert desk.jobs == []


# ---- the place of a turn that nobody runs ----------------------------------------------------------------------------


def test_a_question_takes_the_place_of_an_abandoned_turn_and_has_that_closed() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.claim(FIRST)
    desk.now += LEASE + SKEW
    assert code(desk.ask(SECOND)) == "busy"
    desk.now += 0.25
    desk.jobs.clear()
    assert isinstance(desk.ask(SECOND), Accepted)
    assert desk.jobs == [TurnJob(FIRST, last_try=True), TurnJob(SECOND)]


def test_so_it_does_of_a_turn_that_no_worker_ever_came_for() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.now += DISPATCH_TIME
    assert code(desk.ask(SECOND)) == "busy"
    desk.now += 0.25
    assert isinstance(desk.ask(SECOND), Accepted)


def test_and_of_one_that_ended_without_freeing_its_session() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.conversations.finish(FIRST, desk.claim(FIRST).epoch, outcome())
    desk.jobs.clear()
    assert isinstance(desk.ask(SECOND), Accepted)
    assert desk.jobs == [TurnJob(SECOND)]


def test_a_turn_that_is_about_to_be_stored_keeps_its_place() -> None:
    desk = Desk()
    desk.conversations.activate(FIRST, "lin", NOW)
    desk.now += 1.0
    assert code(desk.ask(SECOND)) == "busy"
    desk.now += 30.0
    assert isinstance(desk.ask(SECOND), Accepted)


# ---- resume ----------------------------------------------------------------------------------------------------------


def test_what_nobody_knows_is_answered_at_once() -> None:
    desk = Desk()
    assert desk.resume(FIRST, 17) == Resumed(re="7", session="session-1", turn=None, state="none", first=18, to=0)
    desk.ask(FIRST)
    assert state(desk.resume(THIRD)) == (None, "none")
    assert len(desk.jobs) == 1


def test_a_turn_before_its_worker_gets_one_that_knows_the_reader() -> None:
    desk = Desk()
    desk.ask(FIRST)
    assert desk.resume(FIRST, 0) is None
    reader = Reader(HERE, 0, "7", NOW)
    assert desk.jobs[1:] == [TurnJob(FIRST, reader)]
    assert desk.control.look(FIRST, consistent=True).readers == (reader,)


def test_a_live_turn_is_its_workers_to_hand_over() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.claim(FIRST)
    assert desk.resume(FIRST, 5, connection="other=") is None
    assert len(desk.jobs) == 1
    assert desk.control.look(FIRST, consistent=True).readers == (Reader("other=", 5, "7", NOW),)


def test_a_turn_whose_worker_died_gets_another() -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.claim(FIRST)
    desk.now += LEASE + SKEW + 0.25
    assert desk.resume(FIRST, 5) is None
    assert desk.jobs[1:] == [TurnJob(FIRST, Reader(HERE, 5, "7", desk.now))]


def test_a_turn_that_ended_is_replayed() -> None:
    desk = Desk()
    desk.answer(FIRST)
    assert desk.resume(FIRST, 5) is None
    assert desk.jobs == [TurnJob(FIRST, Reader(HERE, 5, "7", NOW))]


def test_without_a_name_it_is_the_turn_that_is_answered_or_else_the_last_one() -> None:
    desk = Desk()
    desk.answer(FIRST)
    desk.resume(None)
    desk.ask(SECOND)
    desk.resume(None)
    assert [job.key for job in desk.jobs if job.reader] == [FIRST, SECOND]


def test_a_turn_that_waits_is_pending_and_its_reader_is_remembered() -> None:
    desk = Desk("queue")
    desk.ask(FIRST)
    desk.claim(FIRST)
    desk.ask(SECOND)
    assert state(desk.resume(SECOND)) == (SECOND.turn, "pending")
    assert desk.jobs == [TurnJob(FIRST)]
    assert desk.control.look(SECOND, consistent=True).readers == (Reader(HERE, 0, "7", NOW),)


# ---- stop and ping ---------------------------------------------------------------------------------------------------


def test_a_stop_may_come_before_its_question(audits: list[dict[str, Any]]) -> None:
    desk = Desk()
    assert noticed(desk.say(action="stop", turn=FIRST.turn)) == "unknown_turn"
    assert [(line["turn"], line["user"], line["connection"]) for line in audits] == [(FIRST.turn, "lin", HERE)]
    assert isinstance(desk.ask(FIRST), Accepted)
    assert desk.control.look(FIRST, consistent=True).stopped_by == {"lin"}


def test_a_stop_hears_where_its_turn_stands(audits: list[dict[str, Any]]) -> None:
    desk = Desk("queue")
    desk.ask(FIRST)
    assert noticed(desk.say(action="stop", turn=FIRST.turn)) == "stopping", "a worker is on its way"
    epoch = desk.claim(FIRST).epoch
    assert noticed(desk.say(action="stop", turn=FIRST.turn)) == "stopping"
    desk.ask(SECOND)
    assert noticed(desk.say(action="stop", turn=SECOND.turn)) == "stopping", "it ends when it begins"
    desk.conversations.finish(FIRST, epoch, outcome())
    assert noticed(desk.say(action="stop", turn=FIRST.turn)) == "already_ended"
    assert audits == []
    assert noticed(desk.say(action="stop", turn=THIRD.turn)) == "unknown_turn", "the session is known, the turn is not"
    assert len(audits) == 1


def test_a_turn_that_is_just_being_stored_is_stopping() -> None:
    desk = Desk()
    desk.conversations.activate(FIRST, "lin", NOW)
    assert noticed(desk.say(action="stop", turn=FIRST.turn)) == "stopping"


@pytest.mark.parametrize(
    ("frame", "logged"),
    [
        ({"action": "stop", "turn": FIRST.turn}, "a session of another user"),
        ({"action": "resume", "turn": FIRST.turn, "after": 0}, "a session of another user"),
        ({"action": "resume", "turn": FIRST.turn, "after": -1}, "a frame that cannot be read"),
    ],
)
def test_what_a_stranger_tries_is_refused_and_told_to_operators(
    frame: dict[str, Any], logged: str, audits: list[dict[str, Any]]
) -> None:
    desk = Desk()
    desk.answer(FIRST)
    reply = desk.say(user="mei", **frame)
    assert isinstance(reply, Error)
    assert "lin" not in reply.model_dump_json()
    assert desk.jobs == []
    [line] = audits
    assert (line["message"], line["user"], line["code"]) == (f"audit: {logged}", "mei", reply.code)


def test_a_cursor_that_no_turn_can_have_reached_is_told_to_operators(audits: list[dict[str, Any]]) -> None:
    desk = Desk()
    desk.answer(FIRST)
    assert desk.resume(FIRST, after=10**6) is None
    assert len(desk.jobs) == 1, "it gets the whole answer, behind a reset"
    [line] = audits
    assert (line["message"], line["after"]) == ("audit: a cursor that no turn can have reached", 10**6)


@pytest.mark.parametrize(
    ("locale", "said"), [("zh-CN", "没有这个提问"), ("en-GB", "no such question"), (None, "no such")]
)
def test_a_notice_is_in_the_clients_language(locale: str | None, said: str) -> None:
    asked = {} if locale is None else {"locale": locale}
    reply = Desk().say(action="stop", turn=FIRST.turn, **asked)
    assert isinstance(reply, Notice)
    assert said in reply.message


def test_so_is_an_error() -> None:
    desk = Desk()
    desk.ask(FIRST)
    reply = desk.say(user="mei", action="resume", turn=FIRST.turn, locale="zh")
    assert isinstance(reply, Error)
    assert (reply.code, reply.message) == ("forbidden", "该会话属于其他用户。")


@pytest.mark.parametrize(("locale", "said"), [("zh-Hans", "暂时无法验证登录"), (None, "cannot be checked right now")])
def test_so_is_the_reply_to_a_token(locale: str | None, said: str) -> None:
    def no_keys() -> NoReturn:
        raise KeysUnavailable("no route")

    guard = Authentication(MemoryConnections(), no_keys, lambda: NOW)
    reception = Reception(MemoryConversations(), MemoryControl(), Desk(), guard)
    frame = {"action": "auth", "id": "7", "token": "a.b.c", "locale": locale}
    body = json.dumps({name: value for name, value in frame.items() if value is not None})
    reply = reception.receive(Message(HERE, principal(), body))
    assert isinstance(reply, Error)
    assert (reply.code, said in reply.message) == ("sign_in_unavailable", True)


@pytest.mark.parametrize("action", ["ping", "stop"])
def test_whoever_speaks_of_a_turn_rescues_it_once_its_worker_is_dead(action: str) -> None:
    desk = Desk()
    desk.ask(FIRST)
    desk.claim(FIRST)
    desk.jobs.clear()
    desk.now += LEASE + SKEW
    desk.say(action=action, turn=FIRST.turn)
    assert desk.jobs == []
    desk.now += 0.25
    desk.say(action=action, turn=FIRST.turn)
    assert desk.jobs == [TurnJob(FIRST)]


def test_a_ping_is_answered_whatever_it_speaks_of() -> None:
    desk = Desk()
    assert desk.reception.receive(Message(HERE, principal(), '{"action":"ping","id":"1"}')) == Pong(re="1")
    assert desk.say(action="ping", turn=FIRST.turn) == Pong(re="7")


# ---- a queue that stands still ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["ping", "stop", "resume"])
def test_whoever_waits_behind_a_turn_that_ended_without_a_word_is_next(action: str) -> None:
    desk = Desk("queue")
    desk.ask(FIRST)
    epoch = desk.claim(FIRST).epoch
    desk.ask(SECOND)
    desk.jobs.clear()
    desk.say(action=action, turn=SECOND.turn)
    assert desk.jobs == [], "the first is being answered"
    desk.conversations.finish(FIRST, epoch, outcome())
    desk.say(action=action, turn=SECOND.turn)
    assert desk.jobs == [TurnJob(SECOND)]


def test_whoever_waits_behind_a_dead_workers_turn_has_that_one_seen_to() -> None:
    desk = Desk("queue")
    desk.ask(FIRST)
    desk.claim(FIRST)
    desk.ask(SECOND)
    desk.jobs.clear()
    desk.now += LEASE + SKEW + 0.25
    desk.say(action="ping", turn=SECOND.turn)
    assert desk.jobs == [TurnJob(FIRST)]


def test_whoever_waits_behind_a_question_that_could_not_be_handed_over_is_next() -> None:
    desk = Desk("queue")
    desk.ask(FIRST)
    desk.ask(SECOND)
    desk.conversations.release(FIRST)
    desk.jobs.clear()
    desk.say(action="ping", turn=SECOND.turn)
    assert desk.jobs == [TurnJob(SECOND)]


def test_a_turn_that_was_called_before_it_was_stored_is_handed_over_when_it_is() -> None:
    class Hasty(MemoryConversations):
        """The turn before it ends just when this one has its place in the queue."""

        def enqueue(self, key: TurnKey, behind: str) -> bool:
            waits = super().enqueue(key, behind)
            self.free(FIRST, NOW)
            return waits

    desk = Desk("queue", Hasty())
    desk.ask(FIRST)
    desk.ask(SECOND)
    assert desk.jobs == [TurnJob(FIRST), TurnJob(SECOND)]


# ---- twenty at once --------------------------------------------------------------------------------------------------


class OneAtATime:
    """A model that notes whether it was ever asked twice at the same time."""

    name = "scripted"

    def __init__(self) -> None:
        self.calls = 0
        self.open = 0

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        self.calls += 1
        self.open += 1
        assert self.open == 1, "two turns of one session at once"
        yield Delta("十四天。")
        await asyncio.sleep(3.0)
        yield Finish("stop", None)
        self.open -= 1


def twenty_ask_at_once(desk: Desk) -> list[TurnKey]:
    """The turns that were accepted."""
    keys = [turn_key(f"turn-{number:04}") for number in range(20)]
    together = threading.Barrier(20)

    def ask(key: TurnKey) -> bool:
        together.wait()
        reply = desk.ask(key)
        assert isinstance(reply, Accepted) or code(reply) == "busy"
        return isinstance(reply, Accepted)

    with ThreadPoolExecutor(20) as people:
        return [key for key, accepted in zip(keys, people.map(ask, keys), strict=True) if accepted]


def run(desk: Desk) -> OneAtATime:
    """All jobs, until nothing is left to do."""
    model = OneAtATime()

    async def work() -> None:
        worker = Worker(
            Stores(desk.conversations, MemoryJournal(), desk.control, MemoryConnections()),
            RecordingPoster(),
            Abilities(Found([match()]), model, 4_000),
            desk,
            clock=lambda: NOW + asyncio.get_running_loop().time(),
        )
        await asyncio.gather(*(worker.work(job) for job in desk.jobs))

    in_virtual_time(work())
    return model


def endings(desk: Desk, keys: list[TurnKey]) -> list[tuple[str, str | None]]:
    found = [desk.conversations.get(key) for key in keys]
    return [(turn.outcome.finish, turn.outcome.reason) for turn in found if turn and turn.outcome]


def test_of_twenty_one_is_accepted_and_answered(conversations: ConversationStore, control: ControlStore) -> None:
    desk = Desk("reject", conversations, control)
    accepted = twenty_ask_at_once(desk)
    assert len(accepted) == 1
    assert run(desk).calls == 1
    assert endings(desk, accepted) == [("stop", None)]


def test_twenty_wait_for_each_other_and_each_is_answered_once(
    conversations: ConversationStore, control: ControlStore
) -> None:
    desk = Desk("queue", conversations, control)
    accepted = twenty_ask_at_once(desk)
    assert len(accepted) == 20
    assert run(desk).calls == 20
    assert endings(desk, accepted) == [("stop", None)] * 20


def test_of_twenty_that_interrupt_each_other_the_last_one_is_answered(
    conversations: ConversationStore, control: ControlStore
) -> None:
    desk = Desk("interrupt", conversations, control)
    accepted = twenty_ask_at_once(desk)
    session = desk.conversations.session("qinghe", "session-1")
    assert session is not None
    last = session.queue[-1]
    assert len(accepted) == 20
    run(desk)
    others = [key for key in accepted if key.turn != last]
    assert endings(desk, others) == [("stopped", "superseded")] * 19
    assert endings(desk, [turn_key(last)]) == [("stop", None)]


def test_a_question_without_its_session_is_stored_under_its_own(conversations: ConversationStore) -> None:
    desk = Desk("reject", conversations)
    other = turn_key("turn-0001", session="session-2")
    assert isinstance(desk.ask(FIRST), Accepted)
    assert isinstance(desk.ask(other), Accepted)
    assert conversations.get(other) is not None
    assert not conversations.create(question(key=other), HERE)
