"""One worker's time with one turn: answers it, keeps what was sent, hears what others want of it, and stores the end.

turn ── frames ──> log ──> outbox ── posts ──> readers
                    └────> journal
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from thinkaloud.dialogue.answer.interrupt import Stop
from thinkaloud.dialogue.answer.turn import Turn as Answering
from thinkaloud.dialogue.work.means import Means
from thinkaloud.dialogue.work.replay import outcome_of, read_journal, tell_again
from thinkaloud.dialogue.work.scribe import Scribe, in_thread
from thinkaloud.errors import EndNotStored, LeaseLost, StorageError
from thinkaloud.protocol.frames import Complete, Error, Reset, Resumed
from thinkaloud.state.audit import Audit
from thinkaloud.state.records import Exchange, Outcome, Reader, Turn, TurnKey
from thinkaloud.state.stores import ConnectionStore
from thinkaloud.stream.lease import MOST_EPOCHS, Lease
from thinkaloud.stream.log import TurnLog
from thinkaloud.stream.outbox import Address, Outbox
from thinkaloud.telemetry import audit, logger

#: Exchanges of a session that go into a prompt, if its budget allows.
REMEMBERED = 5


class Run:
    """One worker's time with one turn."""

    def __init__(self, means: Means, turn: Turn, granted: float, deadline: float, last_try: bool) -> None:
        """`granted` is when the turn was claimed and `deadline` when this process ends, both by the loop's clock."""
        self._stores = means.stores
        self._abilities = means.abilities
        self._rhythm = means.rhythm
        self._clock = means.clock
        self._turn = turn
        self._key = turn.question.key
        self._deadline = deadline
        self._last_try = last_try
        self._time = asyncio.get_running_loop().time
        self._lease = Lease(turn, granted, self._time, self._rhythm.lease)
        self._log = TurnLog(self._lease.first, self._lease.reserved)
        self._scribe = Scribe(self._stores, self._key, self._log, self._lease, self._rhythm, self._clock)
        self._stored = True
        self._stop = Stop()
        self._seen: set[Reader] = set()
        self._alone_since: float | None = None
        self._audit: Audit | None = None
        self._poke = asyncio.Event()
        self._outbox = Outbox(
            means.poster,
            address_of(turn),
            self._log,
            pace=means.pace,
            heartbeat=self._rhythm.heartbeat,
            may_post=lambda: self._lease.valid,
            left=lambda connection: self._poke.set(),
            gone=forgetting(self._stores.connections),
        )

    async def to_its_end(self) -> TurnKey | None:
        """Answer, store, free the session. The turn that is now its session's, if one waited.

        A worker that loses its lease stops at once and leaves everything to its successor.

        Raises:
            EndNotStored: the table did not take the end. Lambda tries again, when the lease is over: from the journal
                where the end stands there, else anew.
        """
        logger().append_keys(trace=self._turn.question.trace, epoch=self._turn.epoch)
        upcoming: str | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                self._outbox.attach(self._turn.connection, self._lease.first - 1)
                await self._look_closely()
                beside = [tasks.create_task(self._watch()), tasks.create_task(self._scribe.keep_journal())]
                upcoming = await self._answer()
                self._log.end()
                self._outbox.changed()
                async with self._scribe.writing:  # not while a segment is under way: it could land after the last one
                    for task in beside:
                        task.cancel()
                await self._leave()
                await self._keep_audit()
                await self._outbox.drained()
        except* LeaseLost as lost:
            logger().warning("lease lost", extra={"detail": str(lost.exceptions[0])})
        finally:
            await self._outbox.aclose()
        logger().info("turn sent", extra={"posts": self._outbox.posts, "last": self._log.last})
        if not self._stored:
            raise EndNotStored(f"turn {self._key.turn} has ended, and epoch {self._lease.epoch} could not store how")
        return TurnKey(self._key.tenant, self._key.session, upcoming) if upcoming else None

    async def _answer(self) -> str | None:
        """Every frame of the turn into the log; the turn that is now its session's, if one waited."""
        if self._last_try or self._turn.epoch > MOST_EPOCHS or self._abilities is None:
            return await self._close()
        upcoming: str | None = None
        if self._turn.epoch > 1:
            self._log.push(Reset(step=0))
        answering = Answering(self._turn.question, self._abilities, self._remember, self._stop, self._clock)
        async for frame in answering.frames():
            if isinstance(frame, Complete | Error):
                self._log.close()
                self._outbox.changed()
                self._audit = answering.audit(frame)
                # Before anybody hears of it: whoever sees the end may ask the next question at once.
                if await self._store(answering.outcome(frame)):
                    upcoming = await self._free()
                elif not await self._scribe.write_end(frame):
                    continue  # nobody hears of an end that is nowhere
            self._log.push(frame)
            self._outbox.changed()
        return upcoming

    async def _close(self) -> str | None:
        """End a turn whose workers all died, with what they had said."""
        entries = read_journal(self._turn, await in_thread(self._stores.journal.read, self._key))
        outcome = outcome_of(entries)
        if not await self._store(outcome):
            return None
        upcoming = await self._free()
        tell_again(self._log, self._turn, outcome)
        return upcoming

    async def _store(self, outcome: Outcome) -> bool:
        """Store how the turn ended; False where the table does not take it."""
        told = {"finish": outcome.finish, "error": outcome.error, "usage": outcome.usage, "timings": outcome.timings}
        logger().info("turn ended", extra=told)
        self._stored = await self._scribe.finish(outcome)
        return self._stored

    async def _free(self) -> str | None:
        try:
            return await in_thread(self._stores.conversations.free, self._key, self._clock())
        except StorageError:
            # The next question finds an active turn that has ended, and takes its place.
            logger().exception("the session was not freed")
            return None

    async def _leave(self) -> None:
        """Write down the rest, and serve who asked for the turn while its end was being stored; others find the end."""
        try:
            await self._scribe.write()
        except StorageError:
            # Whoever comes later is told the stored answer again.
            logger().exception("the journal's end was not written")
        await self._look_closely()

    async def _keep_audit(self) -> None:
        """Write down why the answer is what it is. Nobody waits for that, and no turn fails for it."""
        if self._audit is None or self._stores.audits is None:
            return
        try:
            await in_thread(self._stores.audits.write, self._key, self._audit, self._clock())
        except StorageError as error:
            logger().warning("the audit was not written", extra={"detail": str(error)})

    async def _remember(self) -> Sequence[Exchange]:
        session = await in_thread(self._stores.conversations.session, self._key.tenant, self._key.session)
        recent = session.recent[-REMEMBERED:] if session else ()
        return await in_thread(self._stores.conversations.exchanges, self._key.tenant, self._key.session, recent)

    # ---- beside the answer -------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Look at the control item and keep the lease. A look that fails is no reason to end; a lost lease is."""
        while True:
            self._poke.clear()
            try:
                async with asyncio.timeout(self._rhythm.look):
                    await self._poke.wait()
            except TimeoutError:
                pass
            if self._time() > self._deadline - self._rhythm.ending:
                self._stop.ask("deadline")
            self._mind_the_gone()
            try:
                await self._look()
                if await self._scribe.keep_lease():
                    self._outbox.changed()
            except StorageError as error:
                logger().warning("the table did not answer", extra={"detail": str(error)})
            if not self._lease.valid:
                raise LeaseLost("it ran out before it could be renewed")

    async def _look_closely(self) -> None:
        """Miss nothing said before now. If the table is silent the turn goes on, and the next look hears it."""
        try:
            await self._look(consistent=True)
        except StorageError as error:
            logger().warning("the table did not answer", extra={"detail": str(error)})

    async def _look(self, *, consistent: bool = False) -> None:
        control = await in_thread(partial(self._stores.control.look, self._key, consistent=consistent))
        if self._turn.question.user in control.stopped_by:
            self._stop.ask("user")
        elif control.superseded:
            self._stop.ask("superseded")
        for reader in sorted(control.readers, key=lambda reader: reader.at):
            if reader not in self._seen:
                self._seen.add(reader)
                if reader.after > self._log.last:
                    audit("a cursor ahead of the turn", after=reader.after, last=self._log.last, **vars(self._key))
                self._outbox.attach(reader.connection, reader.after, resumed(reader, self._turn, self._log))

    def _mind_the_gone(self) -> None:
        """Nobody listens: the turn goes on, so that its answer waits, or ends after a while if it is set to."""
        if self._outbox.readers:
            self._alone_since = None
            return
        self._alone_since = self._alone_since or self._time()
        if self._rhythm.abandon and self._time() - self._alone_since >= self._rhythm.abandon:
            self._stop.ask("user")


def address_of(turn: Turn) -> Address:
    """What the turn's frames carry."""
    key = turn.question.key
    return Address(key.session, key.turn, turn.question.trace)


def resumed(reader: Reader, turn: Turn, log: TurnLog) -> Resumed:
    """The reply to a reader's `resume`, which goes before what it lacks."""
    return Resumed(
        re=reader.re,
        session=turn.question.key.session,
        turn=turn.question.key.turn,
        state="done" if turn.ended else "running",
        first=min(reader.after, log.last) + 1,
        to=log.last,
    )


def forgetting(connections: ConnectionStore) -> Callable[[str], Awaitable[None]]:
    """What forgets a connection that answered 410, since its `$disconnect` may never come."""

    async def forget(connection: str) -> None:
        try:
            await in_thread(connections.forget, connection)
        except StorageError as error:
            logger().warning("a connection was not forgotten", extra={"connection": connection, "detail": str(error)})

    return forget
