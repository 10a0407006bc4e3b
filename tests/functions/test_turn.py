"""One asynchronous invocation answers one question, once; what it never ends is closed by `settle`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pydantic import ValidationError

from tests.builders import question
from tests.dialogue.players import abilities
from tests.functions.conftest import TABLE, event, load
from thinkaloud.dialogue.work.job import decode_job
from thinkaloud.errors import LeaseHeld
from thinkaloud.gateway import poster
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.wiring import stream, turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONNECTION = "UXcB4dYzFiACJNw="
#: What Lambda says of the time that is left.
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)


@pytest.fixture
def client(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingPoster]:
    """The reader of the answer; models and index are stand-ins."""
    recording = RecordingPoster()
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(poster, "ManagementPoster", lambda client: recording)
    monkeypatch.setattr(turn, "abilities", abilities)
    yield recording
    stream.runner().close()


@pytest.fixture
def conversations(aws: DynamoDBClient) -> DynamoConversations:
    return DynamoConversations(boto3.client("dynamodb"), TABLE)


@pytest.fixture
def asked(conversations: DynamoConversations) -> dict[str, Any]:
    """The event of a question that `default` has stored."""
    job = decode_job(event("turn"))
    asked = question(key=job.key)
    conversations.activate(job.key, asked.user, asked.asked_at)
    conversations.create(asked, CONNECTION)
    return event("turn")


def frames(client: RecordingPoster) -> list[dict[str, Any]]:
    return [json.loads(data) for _, data in client.sent]


def run(happening: dict[str, Any]) -> Any:
    return load("turn").handler(happening, CONTEXT)  # type: ignore[arg-type]


def test_a_question_is_answered_to_the_connection_that_asked(client: RecordingPoster, asked: dict[str, Any]) -> None:
    assert run(asked) == {"ran": 1}
    assert {connection for connection, _ in client.sent} == {CONNECTION}
    assert frames(client)[-1]["type"] == "complete"
    assert {frame["trace"] for frame in frames(client)} == {"trace-1"}


def test_an_event_that_comes_twice_is_answered_once(client: RecordingPoster, asked: dict[str, Any]) -> None:
    assert [run(asked) for _ in range(2)] == [{"ran": 1}, {"ran": 0}]
    assert [frame["type"] for frame in frames(client)].count("complete") == 1


def test_who_asks_for_a_turn_that_ended_is_told_it_again(client: RecordingPoster, asked: dict[str, Any]) -> None:
    run(asked)
    told = frames(client)
    reader = {"connection": "UXcG9cZqliACFyA=", "after": 2, "re": "7", "at": 1763631008.0}
    assert run({**asked, "reader": reader}) == {"ran": 0}
    again = [json.loads(data) for connection, data in client.sent if connection == "UXcG9cZqliACFyA="]
    assert [frame["type"] for frame in again][:1] == ["resumed"]
    assert again[-1] == told[-1]


def test_a_question_that_nobody_stored_is_not_answered(client: RecordingPoster) -> None:
    assert run(event("turn")) == {"ran": 0}
    assert client.sent == []


def test_another_event_is_refused(client: RecordingPoster) -> None:
    with pytest.raises(ValidationError):
        run(event("message-ask"))


# ---- settle ----------------------------------------------------------------------------------------------------------


def settle(asked: dict[str, Any]) -> None:
    """As Lambda calls the destination of an invocation that failed for good."""
    load("settle").handler({"requestPayload": asked, "requestContext": {"condition": "RetriesExhausted"}}, None)


def test_a_turn_that_was_given_up_ends_with_a_typed_error(
    client: RecordingPoster, asked: dict[str, Any], conversations: DynamoConversations
) -> None:
    settle(asked)
    assert (frames(client)[-1]["type"], frames(client)[-1]["code"]) == ("error", "crashed")
    ended = conversations.get(decode_job(asked).key)
    assert ended is not None
    assert ended.state == "failed"


def test_a_turn_that_may_still_run_is_looked_at_again_later(
    client: RecordingPoster, asked: dict[str, Any], conversations: DynamoConversations
) -> None:
    job = decode_job(asked)
    assert conversations.claim(job.key, 4_102_444_800.0)
    with pytest.raises(LeaseHeld):
        settle(asked)
    assert client.sent == []


def test_a_turn_that_ended_after_all_is_left_as_it_is(client: RecordingPoster, asked: dict[str, Any]) -> None:
    run(asked)
    sent = len(client.sent)
    settle(asked)
    assert len(client.sent) == sent
