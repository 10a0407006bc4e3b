"""`EventSources`: every event source mapping of an application, served."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import aiohttp

from localcloud.queues.admin import DeliveryAdmin
from localcloud.queues.faults import DeliveryFaults
from localcloud.queues.mapping import Functions, MappingPoller
from localcloud.queues.sqs import LONGEST_WAIT_S, Sqs
from localcloud.template.model import EventSourceMapping

_LONGEST_CALL = aiohttp.ClientTimeout(total=LONGEST_WAIT_S + 20)


class EventSources:
    """Hands the messages of queues to `functions`.

    `environment` holds `AWS_ENDPOINT_URL` and the credentials of the SQS to use. A message that is not done is given
    out again `redelivery_s` after its function ended, at least a second.
    """

    def __init__(
        self,
        mappings: Iterable[EventSourceMapping],
        functions: Functions,
        environment: Mapping[str, str],
        *,
        redelivery_s: float,
    ) -> None:
        self.faults = DeliveryFaults()
        self._admin = DeliveryAdmin(self.faults)
        self._mappings = tuple(mappings)
        self._functions = functions
        self._environment = environment
        self._redelivery_s = redelivery_s
        self._session: aiohttp.ClientSession | None = None
        self._pollers: list[MappingPoller] = []

    @property
    def admin_url(self) -> str:
        """Where the faults are set, `/deliveries` under it."""
        return self._admin.url

    async def start(self) -> None:
        """Begin to wait for messages. QueueUnavailable where a queue is not there."""
        await self._admin.start()
        self._session = aiohttp.ClientSession(timeout=_LONGEST_CALL)
        sqs = Sqs(self._session, self._environment["AWS_ENDPOINT_URL"], self._environment)
        self._pollers = [
            MappingPoller(mapping, sqs, self._functions, faults=self.faults, redelivery_s=self._redelivery_s)
            for mapping in self._mappings
        ]
        await asyncio.gather(*(poller.start() for poller in self._pollers))

    async def stop(self) -> None:
        """End the waiting, and give up the batches under way."""
        await asyncio.gather(*(poller.stop() for poller in self._pollers))
        if self._session is not None:
            await self._session.close()
        await self._admin.stop()
