"""Runs one turn from claim to stored answer: the turn, its sender and the watch on its control item, side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from thinkaloud.dialogue.job import TurnJob
from thinkaloud.dialogue.labels import error_message
from thinkaloud.dialogue.turn import Abilities, Turn
from thinkaloud.errors import StorageError, client_code
from thinkaloud.gateway.outbox import Address, Outbox
from thinkaloud.gateway.poster import Poster
from thinkaloud.language import language_of_locale
from thinkaloud.protocol.frames import Complete, Error
from thinkaloud.state.records import Exchange, Outcome
from thinkaloud.state.stores import ConversationStore
from thinkaloud.telemetry import logger

#: Exchanges of a session that go into a prompt, if its budget allows. Each is one consistent read.
REMEMBERED = 5
#: Seconds between two looks at the control item.
WATCH_INTERVAL = 0.5
#: Seconds between two renewals of the session, and for how long each holds: a dead worker frees it in that time.
RENEW_INTERVAL = 10.0
HOLD = 25.0


class Worker:
    """Answers turns, one at a time."""

    def __init__(
        self,
        conversations: ConversationStore,
        poster: Poster,
        abilities: Abilities,
        *,
        watch_interval: float = WATCH_INTERVAL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._conversations = conversations
        self._poster = poster
        self._abilities = abilities
        self._watch_interval = watch_interval
        self._clock = clock

    async def run(self, job: TurnJob) -> bool:
        """Answer the turn; False where another worker has taken it, which is not an error."""
        key = job.question.key
        logger().append_keys(trace=job.question.trace, **vars(key))
        if not await asyncio.to_thread(self._conversations.claim, key):
            logger().info("turn taken already")
            return False
        address = Address(job.connection, key.session, key.turn, job.question.trace)
        outbox = Outbox(self._poster, address)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(outbox.run())
            watch = tasks.create_task(self._watch(job, stop))
            await self._answer(job, outbox, stop)
            watch.cancel()
            outbox.close()
        logger().info("turn sent", extra={"attached": outbox.attached})
        return True

    async def _answer(self, job: TurnJob, outbox: Outbox, stop: asyncio.Event) -> None:
        turn = Turn(job.question, self._abilities, partial(self._remember, job), stop, self._clock)
        async for frame in turn.frames():
            if isinstance(frame, Complete | Error):
                # Stored before the client hears of it: whoever sees the end may ask the next question at once.
                frame = await self._store(job, turn.outcome(frame)) or frame
            outbox.put(frame)

    async def _remember(self, job: TurnJob) -> Sequence[Exchange]:
        key = job.question.key
        return await asyncio.to_thread(self._conversations.exchanges, key.tenant, key.session, job.recent[-REMEMBERED:])

    async def _store(self, job: TurnJob, outcome: Outcome) -> Error | None:
        """Store how the turn ended; where that fails, the error to end with instead."""
        logger().info(
            "turn ended",
            extra={
                "finish": outcome.finish,
                "error": outcome.error,
                "usage": outcome.usage,
                "timings": outcome.timings,
            },
        )
        try:
            await asyncio.to_thread(self._conversations.finish, job.question.key, outcome, job.recent)
        except StorageError as error:
            logger().exception("the answer was not stored")
            code, retryable = client_code(error)
            language = language_of_locale(job.question.locale, job.question.text)
            return Error(code=code, message=error_message(code, language), retryable=retryable)
        return None

    async def _watch(self, job: TurnJob, stop: asyncio.Event) -> None:
        """Look at the control item, and keep the session while the turn lives. A failed look is no reason to end."""
        key, user = job.question.key, job.question.user
        renewed = self._clock()
        while not stop.is_set():
            await asyncio.sleep(self._watch_interval)
            try:
                if await asyncio.to_thread(self._conversations.stop_requested, key, user):
                    stop.set()
                if self._clock() - renewed >= RENEW_INTERVAL:
                    renewed = self._clock()
                    await asyncio.to_thread(self._conversations.renew, key, renewed + HOLD)
            except StorageError as error:
                logger().warning("the control item could not be read", extra={"detail": str(error)})
