"""Documents into the index and out of it: jobs from the queue, one a message."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Every job goes back to the queue."""
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
