"""The protocols. Each has a DynamoDB and an in-memory version, and tests/state runs one suite over both.

All calls are synchronous, as boto3 is; the turn runs them on a thread.
Every method may raise `StorageThrottled` or `StorageError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from thinkaloud.state.records import (
    LEASE,
    Connection,
    Control,
    Exchange,
    Outcome,
    Question,
    Reader,
    Seat,
    Segment,
    Session,
    Turn,
    TurnKey,
)

#: How many turns of a session are remembered by id; the prompt uses the last few of them.
RECENT = 20
#: How many questions may wait in a session.
MOST_QUEUED = 20
#: How many times one connection's wish to read a turn is kept, so that no client can make the control item grow.
MOST_WISHES = 16


class ConnectionStore(Protocol):
    """Who is connected: each connection, and the seats of its user, of whom each has a limited number."""

    def put(self, connection: Connection, most: int) -> tuple[Seat, ...]:
        """Store an open connection if fewer than `most` of its user's seats are taken, however many try at once.

        Returns:
            The seats in the way, oldest first, if it was not stored; none if it was.
        """

    def get(self, connection: str) -> Connection | None:
        """A connection as it was stored or extended, or None."""

    def extend(self, connection: str, expires: int) -> bool:
        """Note until when its newest token is good; False where the connection is not known."""

    def forget(self, connection: str) -> None:
        """Remove a connection and free its seat; one that is unknown is fine."""

    def vacate(self, tenant: str, user: str, seats: Sequence[Seat]) -> None:
        """Remove the connections that had these seats, known or not, and free the seats."""


class ConversationStore(Protocol):
    """Sessions and their turns. A session answers one turn at a time."""

    def session(self, tenant: str, session: str) -> Session | None:
        """A session, or None."""

    def activate(self, key: TurnKey, user: str, now: float, instead_of: str | None = None) -> bool:
        """Make the turn its session's active one, creating the session; again for the same turn changes nothing.

        `instead_of` is an active turn that nobody runs any more, whose place may be taken.

        Returns:
            Whether the turn was the active one before.

        Raises:
            NotYours: the session belongs to another user.
            SessionBusy: another turn is active.
        """

    def enqueue(self, key: TurnKey, behind: str) -> bool:
        """Put the turn last in the session's queue; False where `behind` is not the active turn any more.

        Raises:
            SessionBusy: the queue is full.
        """

    def release(self, key: TurnKey) -> None:
        """Free the session of a turn that could not be dispatched; the turn may be asked again."""

    def create(self, question: Question, connection: str) -> bool:
        """Store a pending turn; False where the id is taken already, which changes nothing."""

    def get(self, key: TurnKey) -> Turn | None:
        """A turn, or None."""

    def claim(self, key: TurnKey, now: float, lease: float = LEASE) -> Turn | None:
        """Take a turn that is pending, or whose worker's lease is over, for the next epoch.

        Returns:
            The turn, with the new epoch, a lease of `lease` seconds and `BLOCK` numbers more; None where another
            worker has it or it has ended.
        """

    def renew(self, key: TurnKey, epoch: int, now: float, reserved: int, lease: float = LEASE) -> None:
        """Move the lease's end and reserve numbers up to `reserved`.

        Raises:
            LeaseLost: another epoch has the turn, or it has ended.
        """

    def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
        """Store how the turn ended; again by the same epoch changes nothing, since a lost reply is asked for again.

        Raises:
            LeaseLost: another epoch has the turn, or ended it.
        """

    def free(self, key: TurnKey, now: float) -> str | None:
        """End the session's turn: it joins the recent ones, and the next of the queue becomes active.

        Returns:
            The turn that is active now; None where there is none, or where this one was not active any more.
        """

    def exchanges(self, tenant: str, session: str, turns: Sequence[str]) -> list[Exchange]:
        """Question and answer of those of `turns` that ended with an answer, in the order given."""


class JournalStore(Protocol):
    """What was sent of a turn, kept for an hour."""

    def write(self, key: TurnKey, item: Segment, now: float) -> None:
        """Store a segment."""

    def read(self, key: TurnKey) -> list[Segment]:
        """All segments of a turn, in no particular order."""


class ControlStore(Protocol):
    """Word from any connection to a turn's worker. It may come before the turn does."""

    def stop(self, key: TurnKey, user: str, now: float) -> None:
        """`user` wants the turn to end. Whoever is not the session's owner is not heeded."""

    def supersede(self, key: TurnKey, now: float) -> None:
        """A later question of the session takes the turn's place."""

    def attach(self, key: TurnKey, reader: Reader) -> None:
        """A connection wants the turn's frames; it may want them again before the worker has heard it.

        After `MOST_WISHES` of one connection the earlier ones are forgotten.
        """

    def look(self, key: TurnKey, *, consistent: bool = False) -> Control:
        """What was said so far. What cannot be read counts as not said."""
