"""The right to write a turn: who holds it, until when, and which numbers it may give out."""

from __future__ import annotations

from collections.abc import Callable

from thinkaloud.state.records import BLOCK, LEASE, Turn

#: Seconds before its end at which it is renewed, or half of it where it is shorter than twice this.
RENEW_BEFORE = 7.0
#: Workers that may try a turn, the first included. After the last it ends with an error.
MOST_EPOCHS = 3


class Lease:
    """A claim as its holder sees it, by a clock that never jumps: once it has run out, the worker does nothing more."""

    def __init__(self, claimed: Turn, granted: float, clock: Callable[[], float], seconds: float = LEASE) -> None:
        """`granted` is the clock's time just before the claim was asked for."""
        self.epoch = claimed.epoch
        self.first = claimed.reserved - BLOCK + 1
        self.reserved = claimed.reserved
        self._seconds = seconds
        self._until = granted + seconds
        self._clock = clock
        self._ran_out = False
        self.settled = False

    @property
    def valid(self) -> bool:
        """Whether this worker may still write and post. What has once run out is never good again."""
        self._ran_out |= not self.settled and self._clock() >= self._until
        return not self._ran_out

    def settle(self) -> None:
        """The turn's end is stored: nobody can claim it any more, and its last frames may take their time."""
        self.settled = True

    def wants_renewal(self, last: int) -> bool:
        """Whether time or numbers are running out; `last` is the highest number given out."""
        return self._clock() >= self._until - min(RENEW_BEFORE, self._seconds / 2) or self.reserved - last < BLOCK // 2

    def renewed(self, granted: float, reserved: int) -> None:
        """The table renewed it, asked at `granted`."""
        self._until = granted + self._seconds
        self.reserved = reserved
