"""The event of a batch, and what a function's answer means."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.queues.batch import failed_messages, sqs_event

QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


def message(number: int) -> dict[str, Any]:
    return {"MessageId": f"m{number}", "ReceiptHandle": f"r{number}", "Body": "你好", "MD5OfBody": "0"}


BATCH = [message(1), message(2), message(3)]


def test_the_event_has_a_record_for_each_message():
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1", "SenderId": "s"}
    sent = {
        **message(1),
        "Attributes": attributes,
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "x"}},
        "MD5OfMessageAttributes": "1",
    }
    assert sqs_event([sent], QUEUE) == {
        "Records": [
            {
                "messageId": "m1",
                "receiptHandle": "r1",
                "body": "你好",
                "attributes": attributes,
                "messageAttributes": {
                    "kind": {
                        "stringValue": "x",
                        "stringListValues": [],
                        "binaryListValues": [],
                        "dataType": "String",
                    }
                },
                "md5OfMessageAttributes": "1",
                "md5OfBody": "0",
                "eventSource": "aws:sqs",
                "eventSourceARN": QUEUE,
                "awsRegion": "us-east-1",
            }
        ]
    }


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_all_of_a_batch_is_done(answer: Any):
    assert failed_messages(answer, BATCH, partial=True) == []


@pytest.mark.parametrize(
    "answer",
    [
        "done",
        [],
        {"batchItemFailures": "m1"},
        {"batchItemFailures": ["m1"]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"id": "m1"}]},
        {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "another"}]},
    ],
)
def test_nothing_of_a_batch_is_done(answer: Any):
    assert failed_messages(answer, BATCH, partial=True) == BATCH


def test_the_named_messages_are_not_done():
    answer = {"batchItemFailures": [{"itemIdentifier": "m3"}, {"itemIdentifier": "m1"}]}
    assert failed_messages(answer, BATCH, partial=True) == [BATCH[2], BATCH[0]]


def test_what_is_returned_means_nothing_where_failures_are_not_reported():
    assert failed_messages({"batchItemFailures": [{"itemIdentifier": "m3"}]}, BATCH, partial=False) == []
