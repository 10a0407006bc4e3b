"""What S3 tells a queue of an object, with the fields that moto leaves out.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import functools
import itertools
import secrets
import time
from typing import Any
from urllib.parse import quote_plus

from moto.s3 import notifications

_PRINCIPAL = {"principalId": "LOCAL"}
_COUNT = itertools.count()


def make_notifications_whole() -> None:
    """Has moto's events say who asked, how the request went, and which of two events about a key is the later."""
    make_event = notifications._get_s3_event

    @functools.wraps(make_event)
    def whole(event_name: str, bucket: Any, key: Any, notification_id: str) -> dict[str, Any]:
        event: dict[str, Any] = make_event(event_name, bucket, key, notification_id)
        for record in event["Records"]:
            record["userIdentity"] = _PRINCIPAL
            record["requestParameters"] = {"sourceIPAddress": "127.0.0.1"}
            record["responseElements"] = {
                "x-amz-request-id": secrets.token_hex(8).upper(),
                "x-amz-id-2": secrets.token_urlsafe(48),
            }
            record["s3"]["bucket"]["ownerIdentity"] = _PRINCIPAL
            # S3 leaves the slashes of a key as they are.
            record["s3"]["object"] |= {"key": quote_plus(key.name, safe="/"), "sequencer": _sequencer()}
        return event

    notifications._get_s3_event = whole


def _sequencer() -> str:
    """A hexadecimal number that grows with every event."""
    return f"{time.time_ns() // 1000:016X}{next(_COUNT):04X}"
