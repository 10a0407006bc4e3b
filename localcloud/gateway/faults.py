"""Faults of the management API, injected on purpose: the throttling, the false 410s and the cut lines of real life."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

Status = Literal[403, 410, 413, 429, 500, 502, 503, 504]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class FaultPlan:
    """What happens to posts, and to which.

    A post that is struck waits `delay_ms`. Then it is answered with `status` and not delivered (with `deliver`, it is:
    the answer lies, or came too late), or accepted and never delivered (`drop`), or the client's TCP connection is
    cut under it (`cut`, answered 410). Without any of the three it goes on as usual.

    Which: the first `after` posts pass; of the others each is struck with `probability`, until `count` have been
    or `duration_s` seconds since the plan was set are over. The same `seed` strikes the same posts.
    """

    status: Status | None = None
    deliver: bool = False
    drop: bool = False
    cut: bool = False
    delay_ms: float = Field(default=0, ge=0, allow_inf_nan=False)
    after: int = Field(default=0, ge=0)
    probability: float = Field(default=1, ge=0, le=1)
    count: int | None = Field(default=None, ge=1)
    duration_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    seed: int = 0

    @model_validator(mode="after")
    def _does_one_thing(self) -> FaultPlan:
        effects = [self.status is not None, self.drop, self.cut]
        if sum(effects) > 1:
            raise ValueError("status, drop and cut exclude each other")
        if not any(effects) and not self.delay_ms:
            raise ValueError("the plan does nothing: give it status, drop, cut or delay_ms")
        if self.deliver and self.status is None:
            raise ValueError("deliver goes with status")
        return self


class _Course:
    """A plan in force: how far it has come."""

    def __init__(self, plan: FaultPlan, now: float) -> None:
        self.plan = plan
        self._since = now
        # Repeatable chance is the point here, not secrecy.
        self._random = random.Random(plan.seed)  # noqa: S311
        self._seen = 0
        self._struck = 0

    def strikes(self, now: float) -> bool:
        plan = self.plan
        if plan.count is not None and self._struck >= plan.count:
            return False
        if plan.duration_s is not None and now - self._since >= plan.duration_s:
            return False
        self._seen += 1
        if self._seen <= plan.after or self._random.random() >= plan.probability:
            return False
        self._struck += 1
        return True


class Faults:
    """The plans in force: one for all connections, and one for each that has its own, which then alone counts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._courses: dict[str | None, _Course] = {}

    def set(self, plan: FaultPlan, connection_id: str | None = None) -> None:
        """Put `plan` in force from now on, for one connection or, with None, for all."""
        self._courses[connection_id] = _Course(plan, self._clock())

    def get(self, connection_id: str | None = None) -> FaultPlan | None:
        """The plan set for this connection, or for all; None without one."""
        course = self._courses.get(connection_id)
        return course.plan if course else None

    def clear(self, connection_id: str | None = None) -> None:
        """Take back the plan of one connection, or the one for all; the plans of others stay."""
        self._courses.pop(connection_id, None)

    def clear_all(self) -> None:
        """Take back every plan."""
        self._courses.clear()

    def strike(self, connection_id: str) -> FaultPlan | None:
        """The plan that hits the next post to this connection, or None. Asking counts as one post."""
        course = self._courses.get(connection_id) or self._courses.get(None)
        return course.plan if course and course.strikes(self._clock()) else None
