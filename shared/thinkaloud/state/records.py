"""What is kept, as the rest of the system sees it. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from thinkaloud.identity.principal import Principal

#: Seconds a connection is kept: API Gateway closes it after two hours, and ten minutes more are harmless.
CONNECTION_LIFETIME = 7_800

#: Seconds a worker's claim on a turn holds without being renewed.
LEASE = 15.0
#: Numbers that a claim reserves.
BLOCK = 1_000
#: Seconds within which a dispatched turn must have found a worker.
DISPATCH_TIME = 75.0
#: Seconds a lease is honoured beyond its end, since clocks differ.
SKEW = 2.0

TurnState = Literal["pending", "running", "done", "failed"]


@dataclass(frozen=True)
class Connection:
    """An open socket. `expires_at` is the time to live, since `$disconnect` may never come."""

    id: str
    principal: Principal
    connected_at: int
    expires_at: int

    @property
    def seat(self) -> Seat:
        """The seat that it takes among its user's."""
        return Seat(self.id, self.connected_at)


@dataclass(frozen=True)
class Seat:
    """One of the connections that a user may have at a time; `since` is when it was opened."""

    connection: str
    since: int


@dataclass(frozen=True)
class TurnKey:
    """Where a turn lives. The tenant comes from the authoriser, session and turn from the client."""

    tenant: str
    session: str
    turn: str


@dataclass(frozen=True)
class Question:
    """A turn as it is asked."""

    key: TurnKey
    user: str
    message: str
    text: str
    locale: str | None
    asked_at: float
    trace: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a turn ended, as it is stored. An answer that broke off keeps what was said.

    `sources`, `citations` and `usage` hold the same fields as the frames; `timings` are seconds by phase.
    """

    state: Literal["done", "failed"]
    answer: str
    finish: str
    reason: str | None = None
    model: str | None = None
    covered: bool | None = None
    error: str | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """A stored turn.

    `connection` asked it. `epoch` counts the workers that claimed it, `lease_until` is when the last one's claim runs
    out, and no number above `reserved` was ever given out.
    """

    question: Question
    connection: str
    state: TurnState
    epoch: int = 0
    lease_until: float = 0.0
    reserved: int = 0
    outcome: Outcome | None = None

    @property
    def ended(self) -> bool:
        """Whether it has its outcome."""
        return self.state in ("done", "failed")

    def abandoned(self, now: float) -> bool:
        """Whether nobody runs it any more: its worker's lease is over, or none ever came."""
        if self.state == "pending":
            return self.question.asked_at + DISPATCH_TIME < now
        return self.state == "running" and self.lease_until + SKEW < now


@dataclass(frozen=True)
class Session:
    """A conversation: whose it is, which turn it answers, which wait for that, and the ids of the last that ended.

    `since` is when the active turn became that.
    """

    user: str
    active: str | None = None
    queue: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    since: float = 0.0


@dataclass(frozen=True)
class Reader:
    """A connection that wants a turn's frames behind `after`. `re` is the frame to answer; `at` is when it asked."""

    connection: str
    after: int
    re: str | None
    at: float


@dataclass(frozen=True)
class Segment:
    """Frames `first` to `last` of a turn as the worker of `epoch` wrote them down. `frames` is JSON."""

    epoch: int
    first: int
    last: int
    frames: str


@dataclass(frozen=True)
class Control:
    """Word to a turn's worker."""

    stopped_by: frozenset[str] = frozenset()
    superseded: bool = False
    readers: tuple[Reader, ...] = ()


@dataclass(frozen=True)
class Exchange:
    """What memory needs of a turn that ended."""

    question: str
    answer: str
