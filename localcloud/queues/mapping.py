"""One event source mapping: waits for messages, hands them to the function, and deletes those that are done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from localcloud.functions.invocation import InvocationResult
from localcloud.gateway.background import Background
from localcloud.queues.batch import Message, failed_messages, sqs_event
from localcloud.queues.faults import DeliveryFaults, DeliveryPlan
from localcloud.queues.sqs import LONGEST_WAIT_S, MOST_MESSAGES, QueueUnavailable, Sqs
from localcloud.template.model import EventSourceMapping

LOG = logging.getLogger(__name__)

CONCURRENCY = 5
"""Batches under way at once where the template sets no maximum: what Lambda begins with."""

_AFTER_TROUBLE_S = 1.0
_LOOK_AGAIN_S = 0.01


class Functions(Protocol):
    """Runs functions, and kills them."""

    async def invoke(self, function: str, event: Any) -> InvocationResult:
        """Run the function of this logical id on `event` and wait for it."""

    def kill(self, function: str, payload: str = "") -> int:
        """Kill the processes of a function whose event holds `payload`; how many there were."""


class MappingPoller:
    """Serves `mapping` between `start` and `stop`.

    A message that is not done is seen again `redelivery_s` after its function ended, at least a second, unless the
    function has set another time. In AWS that is the queue's visibility timeout, which here nobody would wait for: it
    is shortened, and the message held back again and again for as long as the function works on it.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        sqs: Sqs,
        functions: Functions,
        *,
        faults: DeliveryFaults,
        redelivery_s: float,
    ) -> None:
        self._mapping = mapping
        self._sqs = sqs
        self._functions = functions
        self._faults = faults
        self._redelivery_s = max(round(redelivery_s), 1)  # SQS counts in whole seconds
        self._background = Background()
        self._places = asyncio.Semaphore(mapping.max_concurrency or CONCURRENCY)
        self._queue = ""

    async def start(self) -> None:
        """Begin to wait for messages. QueueUnavailable where there is no such queue."""
        self._queue = await self._sqs.queue_url(self._mapping.queue_arn)
        self._background.start(self._poll(), name=f"{self._mapping.logical_id}: poll")

    async def stop(self) -> None:
        """End the waiting. Batches under way are not deleted, as when Lambda loses them."""
        await self._background.stop()

    async def _poll(self) -> None:
        while True:
            await self._places.acquire()
            try:
                messages = await self._batch()
            except QueueUnavailable as error:
                LOG.warning("%s: %s", self._mapping.logical_id, error)
                await asyncio.sleep(_AFTER_TROUBLE_S)
                messages = []
            if messages:
                self._background.start(self._process(messages), name=f"{self._mapping.logical_id}: batch")
            else:
                self._places.release()

    async def _batch(self) -> list[Message]:
        """What there is, or what has come when the batching window ends after the first message."""
        size = self._mapping.batch_size
        messages: list[Message] = [*await self._sqs.receive(self._queue, size, LONGEST_WAIT_S)]
        loop = asyncio.get_running_loop()
        # Without a window Lambda still fills a batch with what is there already.
        end = loop.time() + self._mapping.window_s
        while messages and len(messages) < size and (self._mapping.window_s or len(messages) % MOST_MESSAGES == 0):
            more = await self._sqs.receive(self._queue, size - len(messages), max(end - loop.time(), 0))
            messages += more
            if not more and loop.time() >= end:
                break
        return messages

    async def _process(self, messages: list[Message]) -> None:
        try:
            plan = self._faults.strike([message["Body"] for message in messages])
            failed = await (self._run(messages) if plan is None else self._run_as_planned(messages, plan))
            await self._sqs.delete(self._queue, [message for message in messages if message not in failed])
        except QueueUnavailable as error:
            LOG.warning("%s: %s", self._mapping.logical_id, error)
        finally:
            self._places.release()

    async def _run(self, messages: Sequence[Message]) -> Sequence[Message]:
        """One delivery; what it has not done."""
        event = sqs_event(messages, self._mapping.queue_arn)
        await self._sqs.hide(self._queue, messages, self._redelivery_s)
        holding = self._background.start(self._hold(messages), name=f"{self._mapping.logical_id}: hold")
        try:
            result = await self._functions.invoke(self._mapping.function, event)
        finally:
            holding.cancel()
        if result.failed:
            return messages
        return failed_messages(result.payload, messages, partial=self._mapping.partial)

    async def _hold(self, messages: Sequence[Message]) -> None:
        """Keep the messages from being seen again while they are worked on."""
        while True:
            await asyncio.sleep(self._redelivery_s / 3)
            try:
                await self._sqs.hide(self._queue, messages, self._redelivery_s)
            except QueueUnavailable as error:
                LOG.warning("%s: %s", self._mapping.logical_id, error)

    async def _run_as_planned(self, messages: Sequence[Message], plan: DeliveryPlan) -> Sequence[Message]:
        """As many deliveries as planned; what none of them has done."""
        await asyncio.sleep(plan.delay_ms / 1000)
        if plan.at_once:
            outcomes = await asyncio.gather(*(self._run_and_kill(messages, plan) for _ in range(plan.deliveries)))
        else:
            outcomes = [await self._run_and_kill(messages, plan) for _ in range(plan.deliveries)]
        return [message for message in messages if all(message in failed for failed in outcomes)]

    async def _run_and_kill(self, messages: Sequence[Message], plan: DeliveryPlan) -> Sequence[Message]:
        moment_s = self._faults.moment_s(plan)
        if moment_s is None:
            return await self._run(messages)
        killing = asyncio.create_task(self._kill(messages[0]["ReceiptHandle"], moment_s))
        try:
            return await self._run(messages)
        finally:
            killing.cancel()

    async def _kill(self, receipt: str, after_s: float) -> None:
        """Kill whoever works on the batch, so long after it was handed over; before it has begun, as soon as it has."""
        await asyncio.sleep(after_s)
        while not self._functions.kill(self._mapping.function, receipt):  # noqa: ASYNC110 - a pool tells of no start
            await asyncio.sleep(_LOOK_AGAIN_S)
