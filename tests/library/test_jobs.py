"""The queue's messages, and the queue in SQS."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws

from thinkaloud.errors import DispatchFailed
from thinkaloud.library.jobs import Arrival, Removal, SqsJobs, read_message, removal_message
from thinkaloud.state.documents import DocumentKey

REMOVAL = Removal(DocumentKey("qinghe", "0123456789abcdef0123456789abcdef"), 4)


def test_a_removal_is_read_as_it_was_written() -> None:
    assert read_message(removal_message(REMOVAL)) == [REMOVAL]


def test_s3_writes_keys_as_forms_do() -> None:
    told = {"bucket": {"name": "uploads"}, "object": {"key": "uploads/%E9%9D%92+a/1", "size": 5}}
    message = json.dumps({"Records": [{"s3": told}, {"s3": {**told, "object": {"key": "b"}}}]})
    assert read_message(message) == [Arrival("uploads", "uploads/青 a/1", 5), Arrival("uploads", "b", 0)]


@mock_aws
def test_the_queue_takes_a_removal_and_holds_what_is_worked_on() -> None:
    client = boto3.client("sqs", region_name="eu-west-1")
    url = client.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "5400"})["QueueUrl"]
    jobs = SqsJobs(client, url)
    jobs.send(REMOVAL)
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    assert read_message(message["Body"]) == [REMOVAL]
    assert "Messages" not in client.receive_message(QueueUrl=url)
    jobs.hold(message["ReceiptHandle"], 0)
    (again,) = client.receive_message(QueueUrl=url)["Messages"]
    assert again["MessageId"] == message["MessageId"]


@mock_aws
def test_a_queue_that_does_not_answer() -> None:
    jobs = SqsJobs(boto3.client("sqs", region_name="eu-west-1"), "https://sqs.eu-west-1.amazonaws.com/123456789012/no")
    with pytest.raises(DispatchFailed):
        jobs.send(REMOVAL)
    with pytest.raises(DispatchFailed):
        jobs.hold("receipt", 30)
