"""The protocols. Each has a DynamoDB and an in-memory version, and tests/state runs one suite over both.

All calls are synchronous, as boto3 is; the turn runs them on a thread.
Every method may raise `StorageThrottled` or `StorageError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from thinkaloud.state.records import Activation, Connection, Exchange, Outcome, Question, Turn, TurnKey

#: How many turns of a session are remembered by id; the prompt uses the last few of them.
RECENT = 20


class ConnectionStore(Protocol):
    """Who is connected."""

    def put(self, connection: Connection) -> None:
        """Store an open connection."""

    def delete(self, connection: str) -> None:
        """Forget a connection; one that is unknown is fine."""


class ConversationStore(Protocol):
    """Sessions and their turns.

    A session has one active turn at a time. `until` bounds how long a turn whose worker died keeps it busy; a worker
    that lives renews it.
    """

    def activate(self, key: TurnKey, user: str, now: float, until: float) -> Activation:
        """Make the turn its session's active one, creating the session; again for the same turn only moves `until`.

        Raises:
            NotYours: the session belongs to another user.
            SessionBusy: another turn is active.
        """

    def renew(self, key: TurnKey, until: float) -> None:
        """Keep the session busy with this turn until then; nothing happens where another turn has it."""

    def release(self, key: TurnKey) -> None:
        """Free the session of a turn that could not be dispatched; the turn may be asked again."""

    def create(self, question: Question) -> bool:
        """Store a pending turn; False where the id is taken already, which changes nothing."""

    def get(self, key: TurnKey) -> Turn | None:
        """A turn, or None."""

    def claim(self, key: TurnKey) -> bool:
        """Take a pending turn for this worker; False where it was taken before, so that a turn runs once."""

    def finish(self, key: TurnKey, outcome: Outcome, recent: Sequence[str]) -> None:
        """Store how the turn ended, and free its session, whose ended turns are `recent` and this one."""

    def exchanges(self, tenant: str, session: str, turns: Sequence[str]) -> list[Exchange]:
        """Question and answer of those of `turns` that ended with an answer, in the order given."""

    def request_stop(self, key: TurnKey, user: str, now: float) -> None:
        """Ask the turn's worker to stop; the request may come before the turn does.

        Raises:
            NotYours: the session belongs to another user.
        """

    def stop_requested(self, key: TurnKey, user: str) -> bool:
        """Whether `user` asked the turn to stop."""
