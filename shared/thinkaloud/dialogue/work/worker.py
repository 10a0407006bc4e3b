"""Sees to turns: claims one, has it run, sends one that has ended to who asks for it, and goes on with what waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.work.job import Dispatcher, TurnJob
from thinkaloud.dialogue.work.means import Means, Rhythm, Stores
from thinkaloud.dialogue.work.replay import outcome_of, read_journal, replay, told_end
from thinkaloud.dialogue.work.run import Run, address_of, forgetting, resumed
from thinkaloud.dialogue.work.scribe import in_thread
from thinkaloud.errors import DispatchFailed, LeaseHeld
from thinkaloud.gateway.poster import Poster
from thinkaloud.state.records import Reader, Turn, TurnKey
from thinkaloud.stream.outbox import Outbox
from thinkaloud.stream.pace import Pace
from thinkaloud.telemetry import logger


class Worker:
    """Answers turns, one at a time. `work` goes on with what waits in the session.

    Without `abilities` it can only close turns, which takes no model, and leaves what waits to `dispatcher`.
    """

    def __init__(
        self,
        stores: Stores,
        poster: Poster,
        abilities: Abilities | None,
        dispatcher: Dispatcher,
        *,
        rhythm: Rhythm | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._means = Means(stores, poster, abilities, dispatcher, rhythm or Rhythm(), pace or Pace(), clock)
        self._stores = stores
        self._rhythm = self._means.rhythm
        self._clock = clock

    async def work(self, job: TurnJob, seconds: float = float("inf")) -> int:
        """See to the job's turn, and to those that wait behind it. How many were run.

        `seconds` is how long this process may live; what cannot be begun in time is handed to another one.

        Raises:
            StorageError, EndNotStored: the table failed; this can be tried again.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        ran = 0
        todo: TurnJob | None = job
        while todo is not None:
            logger().append_keys(**vars(todo.key))
            turn, granted = await self._claim(todo.key)
            if turn is None or await self._ended_by_its_journal(turn):
                upcoming = await self._again(todo)
            else:
                upcoming = await Run(self._means, turn, granted, deadline, todo.last_try).to_its_end()
                ran += 1
            todo = TurnJob(upcoming) if upcoming else None
            late = asyncio.get_running_loop().time() + 2 * self._rhythm.ending > deadline
            if todo is not None and (late or self._means.abilities is None):
                await self._hand_over(todo)
                todo = None
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

    async def _ended_by_its_journal(self, turn: Turn) -> bool:
        """Whether an earlier worker told the turn to its end and could not store that, which is then done."""
        if turn.epoch == 1:
            return False
        key = turn.question.key
        entries = read_journal(turn, await in_thread(self._stores.journal.read, key))
        if told_end(entries) is None:
            return False
        logger().warning("stored from the journal", extra={"epoch": turn.epoch})
        await in_thread(self._stores.conversations.finish, key, turn.epoch, outcome_of(entries))
        return True

    async def _hand_over(self, job: TurnJob) -> None:
        """Let another worker see to a turn that waited."""
        try:
            await in_thread(self._means.dispatcher.dispatch, job)
        except DispatchFailed:
            # Its client's next word finds it.
            logger().exception("what waits was not handed over")

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
        elif upcoming is None:
            return await self._left_behind(job.key)
        return replace(job.key, turn=upcoming) if upcoming else None

    async def _left_behind(self, key: TurnKey) -> TurnKey | None:
        """The turn of the session that nobody runs any more: of a worker that had gone on to it, and is tried again."""
        session = await in_thread(self._stores.conversations.session, key.tenant, key.session)
        if session is None or session.active is None:
            return None
        active = replace(key, turn=session.active)
        turn = await in_thread(self._stores.conversations.get, active)
        return active if turn is not None and turn.abandoned(self._clock()) else None

    async def _replay(self, turn: Turn, reader: Reader) -> None:
        """Send an ended turn to a reader."""
        log = replay(turn, await in_thread(self._stores.journal.read, turn.question.key), reader.after)
        forget = forgetting(self._stores.connections)
        outbox = Outbox(self._means.poster, address_of(turn), log, pace=self._means.pace, gone=forget)
        outbox.attach(reader.connection, reader.after, resumed(reader, turn, log))
        try:
            await outbox.drained()
        finally:
            await outbox.aclose()
