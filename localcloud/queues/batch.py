"""What Lambda makes of messages, and what it reads in a function's answer: pure.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.template.translate import REGION

Message = Mapping[str, Any]


def sqs_event(messages: Sequence[Message], queue_arn: str) -> dict[str, Any]:
    """The event of a batch of messages, as ReceiveMessage gives them."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def failed_messages(answer: Any, messages: Sequence[Message], *, partial: bool) -> list[Message]:
    """The messages that a function which returned `answer` has not done.

    Without `partial` what it returns means nothing. With it, nothing at all, or no list of failures, or an empty one,
    means that all went well; an entry that names no message of the batch means that nothing did.
    """
    if not partial or answer is None:
        return []
    if not isinstance(answer, dict):
        return list(messages)
    failures = answer.get("batchItemFailures")
    if failures is None:
        return []
    if not isinstance(failures, list):
        return list(messages)
    by_id = {message["MessageId"]: message for message in messages}
    failed = []
    for failure in failures:
        named = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(named, str) or named not in by_id:
            return list(messages)
        failed.append(by_id[named])
    return failed


def _record(message: Message, queue_arn: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {
            name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    for given, name in (("StringValue", "stringValue"), ("BinaryValue", "binaryValue")):
        if given in value:
            attribute[name] = value[given]
    return attribute
