"""What a client hears to each of its frames, and what has happened by then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, outcome, principal, question, turn_key
from thinkaloud.dialogue.job import RecordingDispatcher, TurnJob
from thinkaloud.dialogue.reception import DISPATCH_TIME, Reception
from thinkaloud.errors import DispatchFailed, StorageError, StorageThrottled
from thinkaloud.gateway.events import Message
from thinkaloud.identity.principal import Principal
from thinkaloud.protocol.frames import Accepted, Error, Pong
from thinkaloud.state.memory import MemoryConversations
from thinkaloud.state.records import Question, Turn, TurnKey

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


class FailingConversations(MemoryConversations):
    """Raises `failure`, where it is set, in the method that `where` names."""

    def __init__(self) -> None:
        super().__init__()
        self.where = ""
        self.failure: Exception = StorageThrottled("DynamoDB answered ThrottlingException")

    def _fail(self, where: str) -> None:
        if self.where == where:
            raise self.failure

    def activate(self, key: TurnKey, user: str, now: float, until: float) -> Any:
        self._fail("activate")
        return super().activate(key, user, now, until)

    def create(self, question: Question) -> bool:
        self._fail("create")
        return super().create(question)

    def get(self, key: TurnKey) -> Turn | None:
        self._fail("get")
        return super().get(key)

    def request_stop(self, key: TurnKey, user: str, now: float) -> None:
        self._fail("request_stop")
        super().request_stop(key, user, now)


class Desk:
    """A reception with its stores and its clock, and people who speak to it."""

    def __init__(self) -> None:
        self.conversations = FailingConversations()
        self.dispatcher = FailingDispatcher()
        self.now = NOW
        self.reception = Reception(self.conversations, self.dispatcher, lambda: self.now)

    def say(self, body: str, who: Principal | None = None, connection: str = "c1") -> Any:
        return self.reception.receive(Message(connection, who or principal(), body))

    def ask(self, turn: str = "turn-0001", text: str = "How long?", who: Principal | None = None, **fields: Any) -> Any:
        frame = {"action": "ask", "id": "f1", "session": SESSION, "turn": turn, "message": {"id": "m1", "text": text}}
        return self.say(json.dumps({**frame, **fields}), who)

    def stop(self, turn: str = "turn-0001", who: Principal | None = None) -> Any:
        return self.say(json.dumps({"action": "stop", "id": "f2", "session": SESSION, "turn": turn}), who)

    def answer(self, turn: str = "turn-0001") -> None:
        """A worker answers the turn that was dispatched last."""
        job = self.dispatcher.jobs[-1]
        assert self.conversations.claim(turn_key(turn))
        self.conversations.finish(turn_key(turn), outcome(), job.recent)


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
    (job,) = desk.dispatcher.jobs
    assert reply == Accepted(re="f1", session=SESSION, turn="turn-0001", trace=job.question.trace, heartbeat=10.0)
    assert job == TurnJob(
        question("年假有几天？", locale="zh-CN", metadata={"page": "/leave"}, trace=job.question.trace),
        connection="c1",
        recent=(),
    )
    assert desk.conversations.get(turn_key()) == Turn(job.question, "pending")


def test_each_turn_has_a_trace_of_its_own(desk: Desk) -> None:
    traces = set()
    for number in range(5):
        turn = f"turn-{number:04}"
        traces.add(desk.ask(turn).trace)
        desk.answer(turn)
    assert len(traces) == 5
    assert all(len(trace) == 32 and int(trace, 16) for trace in traces)


def test_the_next_question_remembers_the_last(desk: Desk) -> None:
    desk.ask("turn-0001")
    desk.answer("turn-0001")
    desk.ask("turn-0002")
    assert desk.dispatcher.jobs[-1].recent == ("turn-0001",)


def test_the_tenant_is_the_tokens_and_not_the_clients(desk: Desk) -> None:
    desk.ask(who=principal(tenant="green-mountain"), tenant="qinghe")
    assert desk.dispatcher.jobs[0].question.key.tenant == "green-mountain"
    assert desk.conversations.get(turn_key(tenant="qinghe")) is None


# ---- ask again -------------------------------------------------------------------------------------------------------


def test_the_same_question_again_is_accepted_with_the_same_trace_while_it_runs(desk: Desk) -> None:
    first = desk.ask()
    desk.conversations.claim(turn_key())
    assert desk.ask() == first
    assert len(desk.dispatcher.jobs) == 1


def test_the_same_question_again_is_accepted_when_it_is_answered(desk: Desk) -> None:
    first = desk.ask()
    desk.answer()
    assert desk.ask() == first
    assert len(desk.dispatcher.jobs) == 1
    assert isinstance(desk.ask("turn-0002"), Accepted), "and keeps nobody waiting"


def test_a_late_duplicate_is_accepted_though_the_session_went_on(desk: Desk) -> None:
    first = desk.ask("turn-0001")
    desk.answer("turn-0001")
    desk.ask("turn-0002")
    assert desk.ask("turn-0001") == first
    assert [job.question.key.turn for job in desk.dispatcher.jobs] == ["turn-0001", "turn-0002"]


def test_a_turn_that_no_worker_took_yet_is_dispatched_again_as_it_was_first_asked(desk: Desk) -> None:
    first = desk.ask(text="First?")
    assert desk.ask(text="Second?") == first
    assert [job.question.text for job in desk.dispatcher.jobs] == ["First?", "First?"]


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_one_question_at_a_time(desk: Desk) -> None:
    desk.ask("turn-0001")
    reply = refused(desk.ask("turn-0002"), "busy", retryable=True)
    assert reply.re == "f1"
    assert reply.turn is None, "it answers a frame; it ends no turn"
    assert desk.conversations.get(turn_key("turn-0002")) is None, "a busy session leaves nothing behind"


def test_a_session_whose_worker_never_came_is_free_after_a_while(desk: Desk) -> None:
    desk.ask("turn-0001")
    desk.now += DISPATCH_TIME
    assert isinstance(desk.ask("turn-0002"), Accepted)


def test_a_session_of_another_user_is_forbidden(desk: Desk) -> None:
    desk.ask()
    mei = principal(user="mei")
    refused(desk.ask("turn-0002", who=mei), "forbidden", retryable=False)
    refused(desk.ask("turn-0001", who=mei), "forbidden", retryable=False)
    refused(desk.stop(who=mei), "forbidden", retryable=False)
    assert len(desk.dispatcher.jobs) == 1


def test_a_session_of_another_tenant_is_another_session(desk: Desk) -> None:
    desk.ask()
    assert isinstance(desk.ask(who=principal(tenant="green-mountain")), Accepted)


def test_a_token_that_expired_since_the_handshake_is_refused(desk: Desk) -> None:
    desk.now = float(int(NOW))
    stale = principal(expires=int(NOW))
    refused(desk.ask(who=stale), "unauthorized", retryable=False)
    refused(desk.stop(who=stale), "unauthorized", retryable=False)
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


# ---- trouble ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["activate", "create"])
@pytest.mark.parametrize(
    ("failure", "code"),
    [(StorageThrottled("throttled"), "throttled"), (StorageError("down"), "storage_unavailable")],
)
def test_a_table_in_trouble_is_said_so_and_keeps_no_session_busy(
    desk: Desk, where: str, failure: Exception, code: str
) -> None:
    desk.conversations.where, desk.conversations.failure = where, failure
    refused(desk.ask("turn-0001"), code, retryable=True)
    assert desk.dispatcher.jobs == []
    desk.conversations.where = ""
    assert isinstance(desk.ask("turn-0002"), Accepted)


def test_a_dispatch_that_fails_frees_the_session_and_can_be_tried_again(desk: Desk) -> None:
    desk.dispatcher.failures = 1
    refused(desk.ask("turn-0001"), "throttled", retryable=True)
    reply = desk.ask("turn-0001")
    assert isinstance(reply, Accepted)
    (job,) = desk.dispatcher.jobs
    assert job.question.trace == reply.trace


def test_after_a_dispatch_that_failed_another_question_may_come_first(desk: Desk) -> None:
    desk.dispatcher.failures = 1
    desk.ask("turn-0001")
    assert isinstance(desk.ask("turn-0002"), Accepted)
    refused(desk.ask("turn-0001"), "busy", retryable=True)


def test_a_duplicate_in_trouble_does_not_free_the_session_of_its_running_turn(desk: Desk) -> None:
    desk.ask("turn-0001")
    desk.conversations.claim(turn_key("turn-0001"))
    desk.conversations.where = "get"
    refused(desk.ask("turn-0001"), "throttled", retryable=True)
    desk.conversations.where = ""
    refused(desk.ask("turn-0002"), "busy", retryable=True)


# ---- stop and ping ---------------------------------------------------------------------------------------------------


def test_a_stop_reaches_the_turn_and_is_answered_by_its_end(desk: Desk) -> None:
    desk.ask()
    assert desk.stop() is None
    assert desk.conversations.stop_requested(turn_key(), "lin")


def test_a_stop_may_come_before_its_question(desk: Desk) -> None:
    assert desk.stop() is None
    desk.ask()
    assert desk.conversations.stop_requested(turn_key(), "lin")


def test_a_stop_that_cannot_be_stored_is_said_so(desk: Desk) -> None:
    desk.conversations.where = "request_stop"
    assert refused(desk.stop(), "throttled", retryable=True).re == "f2"


def test_a_ping_gets_a_pong_even_after_the_token_expired(desk: Desk) -> None:
    assert desk.say('{"action":"ping","id":"p1"}', principal(expires=1)) == Pong(re="p1")
    assert desk.say('{"action":"ping"}') == Pong()


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
