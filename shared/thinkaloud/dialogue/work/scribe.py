"""What a worker writes down of its turn: the frames as they go, and the end, once.

The end is the turn's outcome in the table. Where that cannot be stored, the final frame in the journal stands for it:
whoever has the turn next finds it there, and stores what it says in place of answering again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from thinkaloud.dialogue.work.means import Rhythm, Stores
from thinkaloud.errors import StorageError
from thinkaloud.protocol.frames import Complete, Error
from thinkaloud.state.records import BLOCK, Outcome, TurnKey
from thinkaloud.stream.journal import segments
from thinkaloud.stream.lease import Lease
from thinkaloud.stream.log import Entry, TurnLog
from thinkaloud.telemetry import logger

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds between two attempts to store the end.
_PAUSE = 0.5


class Scribe:
    """Writes one turn down for the worker that holds its lease."""

    def __init__(
        self, stores: Stores, key: TurnKey, log: TurnLog, lease: Lease, rhythm: Rhythm, clock: Callable[[], float]
    ) -> None:
        self._stores = stores
        self._key = key
        self._log = log
        self._lease = lease
        self._rhythm = rhythm
        self._clock = clock
        self._time = asyncio.get_running_loop().time
        self._journaled = lease.first - 1
        self._leasing = asyncio.Lock()
        #: Held while a segment is under way.
        self.writing = asyncio.Lock()

    async def keep_journal(self) -> None:
        """Write down every now and then; what cannot be written now is written the next time."""
        while True:
            await asyncio.sleep(self._rhythm.journal)
            try:
                await self.write()
            except StorageError as error:
                logger().warning("the journal was not written", extra={"detail": str(error)})

    async def write(self) -> None:
        """Write down what has been numbered since the last time, and give numbers to what waits."""
        async with self.writing:
            self._log.seal()
            await self._write(self._log.after(self._journaled))

    async def keep_lease(self) -> bool:
        """Renew the lease where it is time for that; whether it was.

        Raises:
            LeaseLost: another worker has the turn.
        """
        async with self._leasing:
            if self._lease.settled or not self._lease.wants_renewal(self._log.last):
                return False
            granted, reserved = self._time(), self._log.last + BLOCK
            now, seconds = self._clock(), self._rhythm.lease
            await in_thread(self._stores.conversations.renew, self._key, self._lease.epoch, now, reserved, seconds)
            self._lease.renewed(granted, reserved)
            self._log.limit = reserved
            return True

    async def finish(self, outcome: Outcome) -> bool:
        """Store how the turn ended; False where the table refuses that for as long as there is time.

        Raises:
            LeaseLost: another worker has the turn.
        """
        until = self._time() + self._rhythm.ending / 2
        while True:
            try:
                # A renewal that landed after it would find the turn ended, and the lease lost.
                async with self._leasing:
                    await in_thread(self._stores.conversations.finish, self._key, self._lease.epoch, outcome)
                    self._lease.settle()
                return True
            except StorageError:
                logger().exception("the answer was not stored")
            if self._time() >= until:
                return False
            await asyncio.sleep(_PAUSE)

    async def write_end(self, frame: Complete | Error) -> bool:
        """Write the final frame into the journal before it is in the log, and so before anybody hears of it."""
        async with self.writing:
            self._log.seal()
            if self._log.waiting or self._log.last >= self._log.limit or not self._lease.valid:
                return False
            try:
                await self._write([*self._log.after(self._journaled), Entry(self._log.last + 1, frame)])
            except StorageError:
                logger().exception("the end was not written down either")
                return False
            return self._lease.valid

    async def _write(self, entries: Sequence[Entry]) -> None:
        if not self._lease.valid:
            return
        for segment in segments(self._lease.epoch, entries):
            await in_thread(self._stores.journal.write, self._key, segment, self._clock())
            self._journaled = segment.last


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a store's call beside the loop."""
    return await asyncio.to_thread(function, *args, **kwargs)
