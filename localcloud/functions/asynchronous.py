"""Asynchronous invocations: tried again after an error, given up when too old, failures sent on.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from localcloud.functions.invocation import Invocation, InvocationResult
from localcloud.template.model import Function

RunOnce: TypeAlias = Callable[[Function, Invocation], Awaitable[InvocationResult]]
SendOn: TypeAlias = Callable[[str, bytes], None]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

LOG = logging.getLogger(__name__)

LAMBDA_RETRY_DELAYS_S = (60.0, 120.0)
"""How long Lambda waits before the first and before the second retry."""

_FAILURES_KEPT = 1000


@dataclass(frozen=True)
class Failure:
    """An event that was given up. `record` is what its on-failure destination gets."""

    function: str
    destination: str | None
    record: dict[str, Any]


class AsyncInvocations:
    """Runs events without anybody waiting for them.

    `run` is one attempt; `send_on` takes a destination's ARN and a record. `retry_delays_s` are the waits before each
    retry, the last one counting for all further ones; `clock` gives seconds and `sleep` waits for them.
    """

    def __init__(
        self,
        run: RunOnce,
        send_on: SendOn,
        *,
        retry_delays_s: Sequence[float] = LAMBDA_RETRY_DELAYS_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._run = run
        self._send_on = send_on
        self._retry_delays_s = tuple(retry_delays_s)
        self._clock = clock
        self._sleep = sleep
        self._events: set[asyncio.Task[None]] = set()
        self.failures: deque[Failure] = deque(maxlen=_FAILURES_KEPT)

    def accept(self, function: Function, invocation: Invocation) -> None:
        """Takes an event and returns at once."""
        event = asyncio.create_task(self._deliver(function, invocation), name=f"event for {function.name}")
        self._events.add(event)
        event.add_done_callback(self._done)

    async def settled(self) -> None:
        """Waits until every accepted event, and every event that came of it, is done or given up."""
        while self._events:
            await asyncio.gather(*self._events, return_exceptions=True)

    async def stop(self) -> None:
        """Drops the events that are not done."""
        for event in self._events:
            event.cancel()
        await self.settled()

    async def _deliver(self, function: Function, invocation: Invocation) -> None:
        settings = function.invocation
        expires = self._clock() + settings.max_age_s
        attempts = 0
        while True:
            result = await self._run(function, invocation)
            attempts += 1
            if not result.failed:
                return
            if attempts > settings.max_retries:
                condition = "RetriesExhausted"
                break
            delay_s = self._delay_s(attempts)
            if self._clock() + delay_s > expires:
                # Waiting would only let the event grow too old before its next attempt.
                condition = "EventAgeExceeded"
                break
            await self._sleep(delay_s)
        self._give_up(function, invocation, result, attempts, condition)

    def _delay_s(self, attempts: int) -> float:
        if not self._retry_delays_s:
            return 0.0
        return self._retry_delays_s[min(attempts, len(self._retry_delays_s)) - 1]

    def _give_up(
        self, function: Function, invocation: Invocation, result: InvocationResult, attempts: int, condition: str
    ) -> None:
        destination = function.invocation.on_failure
        record = _record(invocation, result, attempts, condition)
        self.failures.append(Failure(function.logical_id, destination, record))
        LOG.warning("%s: an event was given up after %d attempts (%s)", function.name, attempts, condition)
        if destination is not None:
            self._send_on(destination, json.dumps(record, ensure_ascii=False).encode())

    def _done(self, event: asyncio.Task[None]) -> None:
        self._events.discard(event)
        if not event.cancelled() and (error := event.exception()) is not None:
            LOG.error("%s failed", event.get_name(), exc_info=error)


def _record(invocation: Invocation, result: InvocationResult, attempts: int, condition: str) -> dict[str, Any]:
    """What a destination gets.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations
    """
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": invocation.request_id,
            "functionArn": invocation.function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(invocation.payload),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": result.error,
    }
