"""One asynchronous invocation answers one question, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from tests.dialogue.players import abilities
from tests.functions.conftest import TABLE, event, load
from thinkaloud.dialogue.job import decode_job
from thinkaloud.gateway import poster
from thinkaloud.gateway.poster import RecordingPoster
from thinkaloud.state.dynamodb import DynamoConversations
from thinkaloud.wiring import turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def client(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingPoster]:
    """The reader of the answer; models and index are stand-ins."""
    recording = RecordingPoster()
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(poster, "ManagementPoster", lambda client: recording)
    monkeypatch.setattr(turn, "abilities", abilities)
    yield recording
    turn.runner().close()


@pytest.fixture
def asked(aws: DynamoDBClient) -> dict[str, Any]:
    """The event of a question that `default` has stored."""
    job = decode_job(event("turn"))
    conversations = DynamoConversations(aws, TABLE)
    conversations.activate(job.question.key, job.question.user, job.question.asked_at, job.question.asked_at + 75)
    conversations.create(job.question)
    return event("turn")


def test_a_question_is_answered_to_the_connection_that_asked(client: RecordingPoster, asked: dict[str, Any]) -> None:
    assert load("turn").handler(asked, None) == {"ran": True}
    frames = [json.loads(data) for _, data in client.sent]
    assert {connection for connection, _ in client.sent} == {asked["connection"]}
    assert frames[-1]["type"] == "complete"
    assert {frame["trace"] for frame in frames} == {asked["question"]["trace"]}


def test_an_event_that_comes_twice_is_answered_once(client: RecordingPoster, asked: dict[str, Any]) -> None:
    assert [load("turn").handler(asked, None) for _ in range(2)] == [{"ran": True}, {"ran": False}]
    assert [json.loads(data)["type"] for _, data in client.sent].count("complete") == 1


def test_a_question_that_nobody_stored_is_not_answered(client: RecordingPoster) -> None:
    assert load("turn").handler(event("turn"), None) == {"ran": False}
    assert client.sent == []


def test_another_event_is_refused(client: RecordingPoster) -> None:
    with pytest.raises(ValidationError):
        load("turn").handler(event("message-ask"), None)
