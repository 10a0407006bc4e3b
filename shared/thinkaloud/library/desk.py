"""A batch of the queue's messages: what each asks for is done, and those that are not done are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from thinkaloud.errors import DispatchFailed
from thinkaloud.library.clerk import Again, Clerk
from thinkaloud.library.jobs import Arrival, BadJob, Jobs, Removal, read_message
from thinkaloud.telemetry import audit, logger

#: Seconds that are left at the end for letting go of what is not done.
MARGIN = 15.0
#: Seconds below which no further job is begun.
LEAST = 60.0
#: Seconds until a message is tried again that nobody foresaw.
_UNFORESEEN = 60.0
_SOON = 1.0


class Desk:
    """Works on messages one after another."""

    def __init__(self, clerk: Clerk, jobs: Jobs) -> None:
        self._clerk = clerk
        self._jobs = jobs

    async def work(self, records: Sequence[Mapping[str, Any]], remaining: Callable[[], float]) -> dict[str, Any]:
        """Lambda's answer for a batch: the messages that are not done, which are delivered again.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting

        Args:
            remaining: seconds until this invocation ends.
        """
        failed = []
        for record in records:
            again = await self._message(record, remaining)
            if again is not None:
                self._hold(record["receiptHandle"], again)
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    async def _message(self, record: Mapping[str, Any], remaining: Callable[[], float]) -> Again:
        """When a message is to be tried again; None once it is done. One that cannot be read becomes a dead letter."""
        try:
            waits = [await self._job(job, record["receiptHandle"], remaining) for job in read_message(record["body"])]
        except BadJob as error:
            audit("a message that cannot be read", sqs_message=record["messageId"], detail=str(error))
            return _SOON
        except Exception:  # noqa: BLE001 - one message must not take the others of its batch along
            logger().exception("a job failed", extra={"sqs_message": record["messageId"]})
            return _UNFORESEEN
        return max((wait for wait in waits if wait is not None), default=None)

    async def _job(self, job: Arrival | Removal, receipt: str, remaining: Callable[[], float]) -> Again:
        if remaining() < LEAST:
            return _SOON
        hide = partial(self._jobs.hold, receipt)
        seconds = remaining() - MARGIN
        if isinstance(job, Removal):
            return await self._clerk.remove(job, hide, seconds)
        return await self._clerk.read(job, hide, seconds)

    def _hold(self, receipt: str, seconds: float) -> None:
        try:
            self._jobs.hold(receipt, seconds)
        except DispatchFailed as error:
            logger().warning("a message was not held", extra={"detail": str(error)})
