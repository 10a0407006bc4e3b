"""What a client hears to each of its frames, and what has happened by then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, outcome, principal, question, turn_key
from thinkaloud.dialogue.entry.admission import BusyPolicy
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.reception import Reception
from thinkaloud.dialogue.work.job import RecordingDispatcher, TurnJob
from thinkaloud.errors import DispatchFailed, StorageError, StorageThrottled
from thinkaloud.gateway.events import Message
from thinkaloud.identity.principal import Principal
from thinkaloud.protocol.frames import Accepted, Error, Pong, Rotate
from thinkaloud.state.memory import MemoryControl, MemoryConversations
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import Question, Reader, Turn, TurnKey
from thinkaloud.state.stores import MOST_QUEUED

SESSION = "session-1"


class FailingDispatcher(RecordingDispatcher):
    """Refuses as often as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    def dispatch(self, job: TurnJob) -> None:
        if self.failures:
            self.failures -= 1
            raise DispatchFailed("the turn could not be started: TooManyRequestsException")
        super().dispatch(job)


class Trouble:
    """Raises `failure`, where it is set, in the method that `where` names."""

    def __init__(self) -> None:
        self.where = ""
        self.failure: Exception = StorageThrottled("DynamoDB answered ThrottlingException")

    def of(self, where: str) -> None:
        if self.where == where:
            raise self.failure


class FailingConversations(MemoryConversations):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__()
        self._trouble = trouble

    def activate(self, key: TurnKey, user: str, now: float, instead_of: str | None = None) -> bool:
        self._trouble.of("activate")
        return super().activate(key, user, now, instead_of)

    def create(self, question: Question, connection: str) -> bool:
        self._trouble.of("create")
        return super().create(question, connection)

    def get(self, key: TurnKey) -> Turn | None:
        self._trouble.of("get")
        return super().get(key)


class FailingControl(MemoryControl):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__()
        self._trouble = trouble

    def stop(self, key: TurnKey, user: str, now: float) -> None:
        self._trouble.of("stop")
        super().stop(key, user, now)

    def attach(self, key: TurnKey, reader: Reader) -> None:
        self._trouble.of("attach")
        super().attach(key, reader)


def no_verifier() -> NoReturn:
    raise AssertionError("nobody sends a token here")


class Desk:
    """A reception with its stores and its clock, and people who speak to it."""

    def __init__(self, busy: BusyPolicy = "reject") -> None:
        self.trouble = Trouble()
        self.conversations = FailingConversations(self.trouble)
        self.control = FailingControl(self.trouble)
        self.dispatcher = FailingDispatcher()
        self.now = NOW
        guard = Authentication(MemoryConnections(), no_verifier, lambda: self.now)
        self.reception = Reception(
            self.conversations, self.control, self.dispatcher, guard, busy=busy, clock=lambda: self.now
        )

    def say(self, body: str, who: Principal | None = None, connection: str = "c1", connected_at: float = NOW) -> Any:
        message = Message(connection, who or principal(), body, int(connected_at * 1_000))
        return self.reception.receive(message)

    def ask(self, turn: str = "turn-0001", text: str = "How long?", who: Principal | None = None, **fields: Any) -> Any:
        frame = {"action": "ask", "id": "f1", "session": SESSION, "turn": turn, "message": {"id": "m1", "text": text}}
        return self.say(json.dumps({**frame, **fields}), who)

    def stop(self, turn: str = "turn-0001", who: Principal | None = None) -> Any:
        return self.say(json.dumps({"action": "stop", "id": "f2", "session": SESSION, "turn": turn}), who)

    def resume(self, turn: str | None = "turn-0001", after: int = 0, who: Principal | None = None) -> Any:
        frame = {"action": "resume", "id": "f3", "session": SESSION, "turn": turn, "after": after}
        return self.say(json.dumps({name: value for name, value in frame.items() if value is not None}), who, "c2")

    def ping(self, turn: str = "turn-0001", who: Principal | None = None) -> Any:
        return self.say(json.dumps({"action": "ping", "id": "f4", "session": SESSION, "turn": turn}), who)

    def run(self, turn: str = "turn-0001") -> None:
        """A worker takes the turn."""
        assert self.conversations.claim(turn_key(turn), self.now)

    def answer(self, turn: str = "turn-0001") -> None:
        """A worker takes the turn and answers it."""
        self.run(turn)
        self.end(turn)

    def end(self, turn: str = "turn-0001") -> str | None:
        """The turn's worker has answered; the turn that is next."""
        self.conversations.finish(turn_key(turn), 1, outcome())
        return self.conversations.free(turn_key(turn), self.now)

    @property
    def dispatched(self) -> list[str]:
        return [job.key.turn for job in self.dispatcher.jobs]

    def stored(self, turn: str = "turn-0001") -> Turn:
        found = self.conversations.get(turn_key(turn))
        assert found is not None
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(reply: Any, code: str, retryable: bool) -> Error:
    assert isinstance(reply, Error)
    assert (reply.code, reply.retryable) == (code, retryable)
    return reply


# ---- ask -------------------------------------------------------------------------------------------------------------


def test_a_question_is_stored_dispatched_and_accepted(desk: Desk) -> None:
    reply = desk.ask(text="  年假有几天？\u0000 ", locale="zh-CN", metadata={"page": "/leave"})
    assert reply == Accepted(re="f1", session=SESSION, turn="turn-0001", trace=reply.trace, heartbeat=10.0)
    assert desk.dispatcher.jobs == [TurnJob(turn_key())]
    asked = question("年假有几天？", locale="zh-CN", metadata={"page": "/leave"}, trace=reply.trace)
    assert desk.stored() == Turn(asked, "c1", "pending")


def test_each_turn_has_a_trace_of_its_own(desk: Desk) -> None:
    traces = set()
    for number in range(5):
        turn = f"turn-{number:04}"
        traces.add(desk.ask(turn).trace)
        desk.answer(turn)
    assert len(traces) == 5
    assert all(len(trace) == 32 and int(trace, 16) for trace in traces)


def test_the_tenant_is_the_tokens_and_not_the_clients(desk: Desk) -> None:
    desk.ask(who=principal(tenant="green-mountain"), tenant="qinghe")
    assert desk.dispatcher.jobs[0].key.tenant == "green-mountain"
    assert desk.conversations.get(turn_key(tenant="qinghe")) is None


def test_a_filter_that_cannot_be_read_is_refused_before_anything_is_stored(desk: Desk) -> None:
    error = refused(desk.ask(metadata={"filter": {"$or": [{"tenant": "beihai"}]}}), "invalid_frame", retryable=False)
    assert "metadata.filter" in error.message
    assert desk.dispatched == []
    assert desk.conversations.session("qinghe", SESSION) is None


def test_a_filter_is_kept_as_it_was_sent(desk: Desk) -> None:
    desk.ask(metadata={"filter": {"tenant": "beihai"}})
    assert desk.stored().question.metadata == {"filter": {"tenant": "beihai"}}
    assert desk.dispatcher.jobs[0].key.tenant == "qinghe"


# ---- ask again -------------------------------------------------------------------------------------------------------


def test_the_same_question_again_is_accepted_with_the_same_trace_while_it_runs(desk: Desk) -> None:
    first = desk.ask()
    desk.run()
    assert desk.ask() == first
    assert desk.dispatched == ["turn-0001"]


def test_the_same_question_again_is_accepted_when_it_is_answered(desk: Desk) -> None:
    first = desk.ask()
    desk.answer()
    assert desk.ask() == first
    assert desk.dispatched == ["turn-0001"]
    assert isinstance(desk.ask("turn-0002"), Accepted), "and keeps nobody waiting"


@pytest.mark.parametrize("busy", ["reject", "queue", "interrupt"])
def test_a_late_duplicate_is_accepted_though_the_session_went_on(busy: BusyPolicy) -> None:
    desk = Desk(busy)
    first = desk.ask("turn-0001")
    desk.answer("turn-0001")
    desk.ask("turn-0002")
    assert desk.ask("turn-0001") == first
    assert desk.dispatched == ["turn-0001", "turn-0002"]
    assert not desk.control.look(turn_key("turn-0002")).superseded
    desk.run("turn-0002")
    assert desk.end("turn-0002") is None, "and it waits for nothing"


def test_a_turn_that_no_worker_took_yet_is_dispatched_again_as_it_was_first_asked(desk: Desk) -> None:
    first = desk.ask(text="First?")
    assert desk.ask(text="Second?") == first
    assert desk.dispatched == ["turn-0001", "turn-0001"]
    assert desk.stored().question.text == "First?"


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_one_question_at_a_time(desk: Desk) -> None:
    desk.ask("turn-0001")
    reply = refused(desk.ask("turn-0002"), "busy", retryable=True)
    assert reply.re == "f1"
    assert reply.turn is None, "it answers a frame; it ends no turn"
    assert desk.conversations.get(turn_key("turn-0002")) is None, "a busy session leaves nothing behind"


def test_a_session_of_another_tenant_is_another_session(desk: Desk) -> None:
    desk.ask()
    assert isinstance(desk.ask(who=principal(tenant="green-mountain")), Accepted)


def test_a_token_that_expired_since_the_handshake_is_refused(desk: Desk) -> None:
    desk.now = float(int(NOW))
    stale = principal(expires=int(NOW))
    for reply in (desk.ask(who=stale), desk.stop(who=stale), desk.resume(who=stale), desk.ping(who=stale)):
        refused(reply, "unauthorized", retryable=False)
    assert desk.dispatcher.jobs == []
    assert isinstance(desk.ask(who=replace(stale, expires=int(NOW) + 1)), Accepted)


@pytest.mark.parametrize(
    ("text", "locale", "message"),
    [
        ("How long?", None, "The previous question is still being answered. Wait for it, or stop it."),
        ("要多久？", None, "上一个问题还在回答中，请等待完成或先停止。"),
        ("How long?", "zh", "上一个问题还在回答中，请等待完成或先停止。"),
    ],
)
def test_a_refusal_is_in_the_clients_language(desk: Desk, text: str, locale: str | None, message: str) -> None:
    desk.ask("turn-0001")
    assert desk.ask("turn-0002", text, locale=locale).message == message


# ---- a busy session --------------------------------------------------------------------------------------------------


def test_questions_wait_where_the_policy_says_so_and_no_worker_is_started_for_them() -> None:
    desk = Desk("queue")
    for number in (1, 2, 3):
        assert isinstance(desk.ask(f"turn-{number:04}"), Accepted)
    assert desk.dispatched == ["turn-0001"], "its worker goes on with what waits"
    desk.run("turn-0001")
    assert desk.end("turn-0001") == "turn-0002"
    assert not desk.control.look(turn_key("turn-0001")).superseded


def test_a_question_that_waits_may_be_asked_again_and_waits_once() -> None:
    desk = Desk("queue")
    desk.ask("turn-0001")
    assert desk.ask("turn-0002") == desk.ask("turn-0002")
    session = desk.conversations.session("qinghe", SESSION)
    assert session is not None
    assert session.queue == ("turn-0002",)


def test_only_so_many_wait() -> None:
    desk = Desk("queue")
    for number in range(MOST_QUEUED + 1):
        assert isinstance(desk.ask(f"turn-{number:04}"), Accepted)
    refused(desk.ask("turn-last"), "busy", retryable=True)


def test_the_newest_question_takes_the_place_of_all_before_it_where_the_policy_says_so() -> None:
    desk = Desk("interrupt")
    for number in (1, 2, 3):
        assert isinstance(desk.ask(f"turn-{number:04}"), Accepted)
    assert [desk.control.look(turn_key(f"turn-{number:04}")).superseded for number in (1, 2, 3)] == [True, True, False]


# ---- trouble ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["activate", "create"])
@pytest.mark.parametrize(
    ("failure", "code"),
    [(StorageThrottled("throttled"), "throttled"), (StorageError("down"), "storage_unavailable")],
)
def test_a_table_in_trouble_is_said_so_and_keeps_no_session_busy(
    desk: Desk, where: str, failure: Exception, code: str
) -> None:
    desk.trouble.where, desk.trouble.failure = where, failure
    refused(desk.ask("turn-0001"), code, retryable=True)
    assert desk.dispatcher.jobs == []
    desk.trouble.where = ""
    assert isinstance(desk.ask("turn-0002"), Accepted)


def test_a_dispatch_that_fails_frees_the_session_and_can_be_tried_again(desk: Desk) -> None:
    desk.dispatcher.failures = 1
    refused(desk.ask("turn-0001"), "throttled", retryable=True)
    reply = desk.ask("turn-0001")
    assert isinstance(reply, Accepted)
    assert desk.dispatched == ["turn-0001"]
    assert desk.stored().question.trace == reply.trace


def test_after_a_dispatch_that_failed_another_question_may_come_first(desk: Desk) -> None:
    desk.dispatcher.failures = 1
    desk.ask("turn-0001")
    assert isinstance(desk.ask("turn-0002"), Accepted)
    refused(desk.ask("turn-0001"), "busy", retryable=True)


def test_a_duplicate_in_trouble_does_not_free_the_session_of_its_running_turn(desk: Desk) -> None:
    desk.ask("turn-0001")
    desk.run("turn-0001")
    desk.trouble.where = "get"
    refused(desk.ask("turn-0001"), "throttled", retryable=True)
    desk.trouble.where = ""
    refused(desk.ask("turn-0002"), "busy", retryable=True)


# ---- stop ------------------------------------------------------------------------------------------------------------


def test_a_stop_reaches_the_turn_and_is_answered(desk: Desk) -> None:
    desk.ask()
    assert (desk.stop().re, desk.stop().code) == ("f2", "stopping")
    assert desk.control.look(turn_key()).stopped_by == {"lin"}


def test_a_stop_that_cannot_be_stored_is_said_so(desk: Desk) -> None:
    desk.trouble.where = "stop"
    assert refused(desk.stop(), "throttled", retryable=True).re == "f2"


# ---- resume ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["attach", "get"])
def test_a_resume_that_cannot_be_seen_to_is_said_so(desk: Desk, where: str) -> None:
    desk.ask()
    desk.trouble.where = where
    assert refused(desk.resume(), "throttled", retryable=True).re == "f3"


# ---- ping ------------------------------------------------------------------------------------------------------------


def test_a_ping_gets_a_pong(desk: Desk) -> None:
    assert desk.say('{"action":"ping","id":"p1"}') == Pong(re="p1")
    assert desk.say('{"action":"ping"}') == Pong()


def test_a_connection_near_its_end_is_told_to_rotate(desk: Desk) -> None:
    desk.now += 2 * 3_600 - 60
    who = principal(expires=int(desk.now) + 60)
    reply = desk.say('{"action":"ping","id":"p1"}', who, connected_at=NOW)
    assert isinstance(reply, Rotate)
    assert reply.re == "p1"
    assert 0 <= reply.within <= 60


# ---- broken frames ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "re"),
    [
        ("", "bad_json", None),
        ("{", "bad_json", None),
        ('["ask"]', "bad_json", None),
        ('{"action":"ping","id":"p1","x":NaN}', "bad_json", None),
        ('{"action":"dance","id":"d1"}', "unknown_action", "d1"),
        ('{"id":"d2"}', "unknown_action", "d2"),
        ('{"action":"ask","id":"a1"}', "invalid_frame", "a1"),
        ('{"action":"stop","id":"s1","session":"x","turn":"turn-0001"}', "invalid_frame", "s1"),
        ('{"action":"ping","x":' + "[" * 100 + "]" * 100 + "}", "too_deep", None),
        ('{"action":"ping","x":"' + "x" * 40_000 + '"}', "too_large", None),
    ],
)
def test_a_broken_frame_gets_one_typed_error(desk: Desk, body: str, code: str, re: str | None) -> None:
    reply = refused(desk.say(body), code, retryable=False)
    assert reply.re == re
    assert reply.message


def test_a_question_over_the_limit_is_refused_with_the_limit(desk: Desk) -> None:
    reply = refused(desk.ask(text="x" * 8_001), "too_large", retryable=False)
    assert reply.re == "f1"
    assert "8000" in reply.message


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_comes_is_answered_and_never_dispatched_by_accident(body: str) -> None:
    desk = Desk()
    assert isinstance(desk.say(body), Error)
    assert desk.dispatcher.jobs == []
