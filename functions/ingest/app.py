"""Documents into the index and out of it: jobs of the queue, as S3 and the HTTP API leave them."""

from typing import Any

from thinkaloud.wiring.ingest import desk, runner


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The messages that are not done stay in the queue, and the others leave it."""
    return runner().run(desk().work(event["Records"], lambda: context.get_remaining_time_in_millis() / 1000))
