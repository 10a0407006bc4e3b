"""What travels from `default` to `turn`."""

from __future__ import annotations

import json
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from pydantic import ValidationError

from tests.builders import NOW, turn_key
from thinkaloud.dialogue.work.job import LambdaDispatcher, RecordingDispatcher, TurnJob, decode_job, encode_job
from thinkaloud.errors import DispatchFailed
from thinkaloud.protocol.frames import MAX_SEQ
from thinkaloud.state.records import Reader, TurnKey

READER = Reader("UXcB4dYzFiACJNw=", 17, "f7", NOW)
JOB = TurnJob(turn_key(), READER)


@pytest.fixture
def client() -> Any:
    return boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.mark.parametrize("job", [TurnJob(turn_key()), JOB, TurnJob(turn_key(), last_try=True)])
def test_a_job_survives_the_way(job: TurnJob) -> None:
    assert decode_job(json.loads(encode_job(job))) == job


def test_a_job_is_ids_alone_so_that_no_question_is_too_long_for_it() -> None:
    longest = TurnJob(TurnKey("t" * 128, "s" * 64, "u" * 64), Reader("c" * 128, MAX_SEQ, "f" * 64, NOW))
    assert len(encode_job(longest)) < 1_024


def test_the_record_of_an_invocation_that_failed_for_good_is_a_last_try() -> None:
    """As Lambda hands it to the destination: the job is where it was, and says who asked."""
    record = {
        "version": "1.0",
        "timestamp": "2025-11-20T09:30:08.214Z",
        "requestContext": {"requestId": "r", "condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": json.loads(encode_job(JOB)),
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
    }
    assert decode_job(record) == TurnJob(turn_key(), READER, last_try=True)


@pytest.mark.parametrize("event", [{}, {"key": {}}, {"reader": None}, {"Records": []}, {"requestPayload": {}}])
def test_another_event_is_no_job(event: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        decode_job(event)


def test_a_job_is_invoked_without_waiting_for_it(client: Any) -> None:
    with Stubber(client) as stub:
        expected = {"FunctionName": "turn", "InvocationType": "Event", "Payload": encode_job(JOB)}
        stub.add_response("invoke", {"StatusCode": 202}, expected)
        LambdaDispatcher(cast("Any", client), "turn").dispatch(JOB)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ResourceNotFoundException", "ServiceException"])
def test_an_invocation_that_is_not_taken_is_said_so(client: Any, code: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("invoke", code)
        with pytest.raises(DispatchFailed, match=code):
            LambdaDispatcher(client, "turn").dispatch(JOB)


def test_a_recording_dispatcher_keeps_the_jobs() -> None:
    dispatcher = RecordingDispatcher()
    dispatcher.dispatch(JOB)
    assert dispatcher.jobs == [JOB]
