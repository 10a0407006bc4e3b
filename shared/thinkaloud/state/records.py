"""What is kept, as the rest of the system sees it. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from thinkaloud.identity.principal import Principal

#: Seconds a connection is kept: API Gateway closes it after two hours, and ten minutes more are harmless.
CONNECTION_LIFETIME = 7_800

TurnState = Literal["pending", "running", "done", "failed"]


@dataclass(frozen=True)
class Connection:
    """An open socket. `expires_at` is the time to live, since `$disconnect` may never come."""

    id: str
    principal: Principal
    connected_at: int
    expires_at: int


@dataclass(frozen=True)
class TurnKey:
    """Where a turn lives. The tenant comes from the authoriser, session and turn from the client."""

    tenant: str
    session: str
    turn: str


@dataclass(frozen=True)
class Activation:
    """A session as a turn found it: ids of the last ended turns, oldest first, at most `RECENT`; `again` where the
    turn was its active one before.
    """

    recent: tuple[str, ...] = ()
    again: bool = False


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
    model: str | None = None
    error: str | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """A stored turn."""

    question: Question
    state: TurnState
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Exchange:
    """What memory needs of a turn that ended."""

    question: str
    answer: str
