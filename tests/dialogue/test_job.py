"""What travels from `default` to `turn`."""

from __future__ import annotations

import json
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from pydantic import ValidationError

from tests.builders import question
from thinkaloud.dialogue.job import LambdaDispatcher, RecordingDispatcher, TurnJob, decode_job, encode_job
from thinkaloud.errors import DispatchFailed

JOB = TurnJob(
    question("我们部门今年的年假额度是多少？👍", locale="zh-CN", metadata={"page": None, "n": [1, 2.5, 10**40]}),
    connection="UXcB4dYzFiACJNw=",
    recent=("turn-0000", "turn-0001"),
)


@pytest.fixture
def client() -> Any:
    return boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


def test_a_job_survives_the_way() -> None:
    assert decode_job(json.loads(encode_job(JOB))) == JOB


def test_the_longest_question_is_far_below_the_limit_of_an_invocation() -> None:
    longest = TurnJob(question("年" * 8_000, metadata={"k": "x" * 4_000}), "c" * 40, ("t" * 64,) * 20)
    assert len(encode_job(longest)) < 256 * 1024, "the limit of older regions; today's is 1 MB"


@pytest.mark.parametrize("event", [{}, {"question": {}}, {"connection": "c"}, {"Records": []}])
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
