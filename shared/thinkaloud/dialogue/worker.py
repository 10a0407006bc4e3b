"""Sees to turns: claims one, has it run, sends one that has ended to who asks for it, and goes on with what waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from thinkaloud.dialogue.job import TurnJob
from thinkaloud.dialogue.means import Means, Rhythm, Stores
from thinkaloud.dialogue.replay import replay
from thinkaloud.dialogue.run import Run, address_of, in_thread, resumed
from thinkaloud.dialogue.turn import Abilities
from thinkaloud.errors import LeaseHeld
from thinkaloud.gateway.poster import Poster
from thinkaloud.state.records import Reader, Turn, TurnKey
from thinkaloud.stream.outbox import Outbox
from thinkaloud.stream.pace import Pace
from thinkaloud.telemetry import logger


class Worker:
    """Answers turns, one at a time. `work` goes on with what waits in the session.

    Without `abilities` it can only close turns, which takes no model.
    """

    def __init__(
        self,
        stores: Stores,
        poster: Poster,
        abilities: Abilities | None,
        *,
        rhythm: Rhythm | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._means = Means(stores, poster, abilities, rhythm or Rhythm(), pace or Pace(), clock)
        self._stores = stores
        self._rhythm = self._means.rhythm
        self._clock = clock

    async def work(self, job: TurnJob, seconds: float = float("inf")) -> int:
        """See to the job's turn, and to those that wait behind it. How many were run.

        `seconds` is how long this process may live; what cannot be begun in time is left for another worker.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        ran = 0
        todo: TurnJob | None = job
        while todo is not None:
            logger().append_keys(**vars(todo.key))
            turn, granted = await self._claim(todo.key)
            if turn is None:
                upcoming = await self._again(todo)
            else:
                upcoming = await Run(self._means, turn, granted, deadline, todo.last_try).to_its_end()
                ran += 1
            late = asyncio.get_running_loop().time() + 2 * self._rhythm.ending > deadline
            todo = None if upcoming is None or late or self._means.abilities is None else TurnJob(upcoming)
        return ran

    async def close(self, job: TurnJob) -> None:
        """End a turn that nobody will try again.

        Raises:
            LeaseHeld: the lease of its last worker still runs; once it has, this can be tried again.
        """
        if not await self.work(replace(job, last_try=True)):
            turn = await in_thread(self._stores.conversations.get, job.key)
            if turn is not None and not turn.ended:
                raise LeaseHeld(f"epoch {turn.epoch} may still run turn {job.key.turn}")

    async def _claim(self, key: TurnKey) -> tuple[Turn | None, float]:
        granted = asyncio.get_running_loop().time()
        return await in_thread(self._stores.conversations.claim, key, self._clock(), self._rhythm.lease), granted

    async def _again(self, job: TurnJob) -> TurnKey | None:
        """What is left of a turn that cannot be claimed: nothing where another worker runs it.

        One that has ended is sent to the one who asked for it, and frees its session if its worker died before it
        could. The turn that is now its session's, if one waited.
        """
        turn = await in_thread(self._stores.conversations.get, job.key)
        if turn is None or not turn.ended:
            logger().info("nothing to do", extra={"state": turn.state if turn else None})
            return None
        upcoming = await in_thread(self._stores.conversations.free, job.key, self._clock())
        if job.reader is not None:
            await self._replay(turn, job.reader)
        return replace(job.key, turn=upcoming) if upcoming else None

    async def _replay(self, turn: Turn, reader: Reader) -> None:
        """Send an ended turn to a reader."""
        log = replay(turn, await in_thread(self._stores.journal.read, turn.question.key), reader.after)
        outbox = Outbox(self._means.poster, address_of(turn), log, pace=self._means.pace)
        outbox.attach(reader.connection, reader.after, resumed(reader, turn, log))
        try:
            await outbox.drained()
        finally:
            await outbox.aclose()
