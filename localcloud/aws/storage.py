"""Queues and buckets, made as the template wants them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import Any

from localcloud.template.model import Bucket, Queue


def create_queues(sqs: Any, queues: Iterable[Queue]) -> None:
    """Make the queues, and then say where messages go that cannot be delivered: by then all of them exist."""
    made = [(queue, _queue(sqs, queue)) for queue in queues]
    for queue, url in made:
        if queue.redrive is not None:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(queue.redrive)})


def create_buckets(s3: Any, buckets: Iterable[Bucket]) -> None:
    """Make the buckets. The queues that they notify exist."""
    for bucket in buckets:
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket.name)
        if bucket.cors:
            s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": bucket.cors})
        if bucket.notifications:
            s3.put_bucket_notification_configuration(
                Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": bucket.notifications}
            )


def _queue(sqs: Any, queue: Queue) -> str:
    """Make a queue, or give an existing one its attributes; its URL."""
    try:
        return str(sqs.create_queue(QueueName=queue.name, Attributes=queue.attributes)["QueueUrl"])
    except sqs.exceptions.QueueNameExists:
        url = str(sqs.get_queue_url(QueueName=queue.name)["QueueUrl"])
        sqs.set_queue_attributes(QueueUrl=url, Attributes=queue.attributes)
        return url
