"""S3 buckets, SQS queues, and the mappings by which Lambda reads queues, out of plain CloudFormation."""

from __future__ import annotations

import json
from typing import Any

from localcloud.template.intrinsics import Resolver
from localcloud.template.invocations import named_function
from localcloud.template.lambdas import Lambdas
from localcloud.template.model import Bucket, EventSourceMapping, Queue
from localcloud.template.parameters import scalar_text

_QUEUE_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DelaySeconds",
    "FifoQueue",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
_CORS_RULE = {
    "Id": "ID",
    "AllowedHeaders": "AllowedHeaders",
    "AllowedMethods": "AllowedMethods",
    "AllowedOrigins": "AllowedOrigins",
    "ExposedHeaders": "ExposeHeaders",
    "MaxAge": "MaxAgeSeconds",
}
"""CloudFormation's names for the parts of a rule, and S3's."""

_LARGEST_BATCH = 10_000


def read_queue(logical_id: str, properties: dict[str, Any], policies: dict[str, Any], resolver: Resolver) -> Queue:
    """One `AWS::SQS::Queue`; `policies` are the documents of queue policies by the queue's URL."""
    with resolver.reading(logical_id):
        resolved = resolver.value(properties)
        attributes = {name: scalar_text(resolved[name]) for name in _QUEUE_ATTRIBUTES if name in resolved}
        policy = policies.get(resolver.text({"Ref": logical_id}))
        if policy is not None:
            attributes["Policy"] = json.dumps(policy)
        return Queue(
            logical_id=logical_id,
            name=resolver.name(logical_id),
            arn=resolver.attribute(logical_id, "Arn"),
            attributes=attributes,
            redrive=resolved.get("RedrivePolicy"),
        )


def queue_policies(resolver: Resolver) -> dict[str, Any]:
    """The document of every `AWS::SQS::QueuePolicy` by the URLs of its queues."""
    documents: dict[str, Any] = {}
    for logical_id, properties in resolver.of_type("AWS::SQS::QueuePolicy"):
        with resolver.reading(logical_id):
            policy = resolver.value(properties)
            documents |= dict.fromkeys(policy.get("Queues") or [], policy.get("PolicyDocument"))
    return documents


def read_bucket(logical_id: str, properties: dict[str, Any], resolver: Resolver) -> Bucket:
    """One `AWS::S3::Bucket`. Its objects do not expire here, and are not encrypted."""
    with resolver.reading(logical_id):
        resolved = resolver.value(properties)
        notifications = dict(resolved.get("NotificationConfiguration") or {})
        queues = notifications.pop("QueueConfigurations", [])
        if notifications:
            raise resolver.problem(f"{', '.join(notifications)}: locally a bucket notifies queues alone")
        return Bucket(
            logical_id=logical_id,
            name=resolver.name(logical_id),
            cors=[
                {_CORS_RULE[name]: _rule_value(name, value) for name, value in rule.items() if name in _CORS_RULE}
                for rule in (resolved.get("CorsConfiguration") or {}).get("CorsRules") or []
            ],
            notifications=[_notification(queue) for queue in queues],
        )


def read_mapping(
    logical_id: str, properties: dict[str, Any], resolver: Resolver, lambdas: Lambdas
) -> EventSourceMapping | None:
    """One `AWS::Lambda::EventSourceMapping` of a queue; None where it is switched off."""
    with resolver.reading(logical_id):
        resolved = resolver.value(properties)
        if resolver.text(resolved.get("Enabled", True)) == "false":
            return None
        source = resolver.required(resolved, "EventSourceArn")
        if ":sqs:" not in source:
            raise resolver.problem(f"its source is {source}; locally functions are fed from SQS queues alone")
        if resolved.get("FilterCriteria"):
            raise resolver.problem("FilterCriteria are not supported locally; let the function drop what it is not for")
        size = int(resolver.number(resolved.get("BatchSize", 10)))
        if not 1 <= size <= _LARGEST_BATCH:
            raise resolver.problem(f"BatchSize is {size}; it must lie between 1 and {_LARGEST_BATCH}")
        concurrency = (resolved.get("ScalingConfig") or {}).get("MaximumConcurrency")
        return EventSourceMapping(
            logical_id=logical_id,
            queue_arn=source,
            function=named_function(resolver.required(resolved, "FunctionName"), "the mapping", resolver, lambdas),
            batch_size=size,
            window_s=resolver.number(resolved.get("MaximumBatchingWindowInSeconds", 0)),
            partial="ReportBatchItemFailures" in (resolved.get("FunctionResponseTypes") or []),
            max_concurrency=None if concurrency is None else int(resolver.number(concurrency)),
        )


def _rule_value(name: str, value: Any) -> Any:
    return int(value) if name == "MaxAge" else value


def _notification(queue: dict[str, Any]) -> dict[str, Any]:
    """A `QueueConfiguration` in the words of S3's API."""
    notification: dict[str, Any] = {"Events": [queue["Event"]], "QueueArn": queue["Queue"]}
    rules = ((queue.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        notification["Filter"] = {"Key": {"FilterRules": rules}}
    return notification
