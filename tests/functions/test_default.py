"""A message comes in; its reply goes out as the body of a two-way route."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.conftest import event, load, stored
from thinkaloud.dialogue.work.job import RecordingDispatcher, TurnJob
from thinkaloud.errors import IdentityError
from thinkaloud.state.records import TurnKey
from thinkaloud.wiring import reception

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def dispatcher(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> RecordingDispatcher:
    """In the place of Lambda, which moto would run in a container."""
    recording = RecordingDispatcher()
    monkeypatch.setattr(reception, "dispatcher", lambda: recording)
    return recording


def said(body: str) -> dict[str, Any]:
    """The ask's event with another body."""
    return {**event("message-ask"), "body": body}


def reply(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["statusCode"] == 200, "the gateway tells a client nothing of another status"
    frame: dict[str, Any] = json.loads(answer["body"])
    return frame


@pytest.mark.parametrize("name", ["message-ask", "message-ask-zh"])
def test_a_question_is_accepted_and_handed_over(
    aws: DynamoDBClient, dispatcher: RecordingDispatcher, name: str
) -> None:
    asked = json.loads(event(name)["body"])
    accepted = reply(load("default").handler(event(name), None))
    (job,) = dispatcher.jobs
    assert accepted == {
        "type": "accepted",
        "re": asked["id"],
        "session": asked["session"],
        "turn": asked["turn"],
        "trace": accepted["trace"],
        "heartbeat": 10.0,
    }
    assert job == TurnJob(TurnKey("qinghe", asked["session"], asked["turn"]))
    session = f"qinghe#SESSION#{asked['session']}"
    assert stored(aws) == [(session, "SESSION"), (session, f"TURN#{asked['turn']}")]


def test_a_ping_gets_a_pong(dispatcher: RecordingDispatcher) -> None:
    happening = event("message-ping")
    happening["requestContext"]["connectedAt"] = int(time.time() * 1_000)
    assert reply(load("default").handler(happening, None))["type"] == "pong"


def test_a_ping_over_a_connection_near_its_two_hours_is_told_to_rotate(dispatcher: RecordingDispatcher) -> None:
    happening = event("message-ping")
    happening["requestContext"]["connectedAt"] = int((time.time() - 7_100) * 1_000)
    told = reply(load("default").handler(happening, None))
    assert told["type"] == "rotate"
    assert 0 < told["within"] <= 100


def test_a_stop_hears_where_its_turn_stands(dispatcher: RecordingDispatcher) -> None:
    told = reply(load("default").handler(event("message-stop"), None))
    assert (told["type"], told["code"]) == ("notice", "unknown_turn")


def test_a_resume_is_answered_by_the_turns_worker(dispatcher: RecordingDispatcher) -> None:
    default = load("default")
    ask, resume = event("message-ask"), event("message-resume")
    default.handler(ask, None)
    asked = json.loads(ask["body"])
    resume["body"] = json.dumps({"action": "resume", "session": asked["session"], "turn": asked["turn"], "after": 3})
    resume["requestContext"]["authorizer"] = ask["requestContext"]["authorizer"]
    assert default.handler(resume, None) == {"statusCode": 200}
    assert dispatcher.jobs[-1].reader is not None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "bad_json"),
        ('{"action":"ask","session":', "bad_json"),
        ('{"action":"dance"}', "unknown_action"),
        ('{"action":"ask"}', "invalid_frame"),
        ('{"x":' * 2_000 + "1" + "}" * 2_000, "too_deep"),
        ('{"action":"ping","x":"' + "x" * 40_000 + '"}', "too_large"),
        (
            '{"action":"ask","session":"session-1","turn":"turn-0001","message":{"id":"m","text":"\\ud83d"}}',
            "invalid_frame",
        ),
    ],
)
def test_what_cannot_be_read_gets_a_typed_error_that_the_gateway_can_send(
    dispatcher: RecordingDispatcher, body: str, code: str
) -> None:
    answer = load("default").handler(said(body), None)
    answer["body"].encode()
    frame = reply(answer)
    assert (frame["type"], frame["code"], frame["retryable"]) == ("error", code, False)
    assert dispatcher.jobs == []


def test_an_api_without_an_authoriser_answers_nobody(dispatcher: RecordingDispatcher) -> None:
    changed = event("message-ask")
    changed["requestContext"]["authorizer"] = None
    with pytest.raises(IdentityError):
        load("default").handler(changed, None)
