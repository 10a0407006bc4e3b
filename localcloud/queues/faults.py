"""What may happen to a batch on its way to a function, brought about on purpose."""

from __future__ import annotations

import random

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DeliveryPlan:
    """What happens to batches, and to which.

    A batch that is struck waits `delay_ms`. It is delivered so many times, one after the other or all `at_once`: SQS
    promises at least once. With `kill_after_ms` the processes that work on it are killed so long after each delivery;
    with `kill_before_ms` too, at a random moment between both.

    Which: those with a message whose body holds the text `contains`, until `count` batches have been struck. The same
    `seed` gives the same moments.
    """

    delay_ms: float = Field(default=0, ge=0, allow_inf_nan=False)
    deliveries: int = Field(default=1, ge=1, le=20)
    at_once: bool = False
    kill_after_ms: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    kill_before_ms: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    contains: str = ""
    seed: int = 0
    count: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _does_something(self) -> DeliveryPlan:
        if not self.delay_ms and self.deliveries == 1 and self.kill_after_ms is None:
            raise ValueError("the plan does nothing: give it delay_ms, deliveries or kill_after_ms")
        if self.kill_before_ms is not None and (self.kill_after_ms is None or self.kill_before_ms < self.kill_after_ms):
            raise ValueError("kill_before_ms goes with a kill_after_ms, and is not less")
        return self


class DeliveryFaults:
    """The plan in force for all mappings, if there is one."""

    def __init__(self) -> None:
        self._plan: DeliveryPlan | None = None
        self._struck = 0
        # Repeatable chance is the point here, not secrecy.
        self._random = random.Random()  # noqa: S311

    @property
    def plan(self) -> DeliveryPlan | None:
        """The plan in force."""
        return self._plan

    @property
    def struck(self) -> int:
        """How many batches the plan has hit."""
        return self._struck

    def set(self, plan: DeliveryPlan) -> None:
        """Put `plan` in force from now on."""
        self._plan, self._struck = plan, 0
        self._random.seed(plan.seed)

    def clear(self) -> None:
        """Take the plan back."""
        self._plan = None

    def moment_s(self, plan: DeliveryPlan) -> float | None:
        """Seconds after a delivery at which its processes are to be killed; None where they are not."""
        if plan.kill_after_ms is None:
            return None
        return self._random.uniform(plan.kill_after_ms, plan.kill_before_ms or plan.kill_after_ms) / 1000

    def strike(self, bodies: list[str]) -> DeliveryPlan | None:
        """The plan that hits a batch with these messages, or None. Asking counts as one batch."""
        plan = self._plan
        if plan is None or (plan.count is not None and self._struck >= plan.count):
            return None
        if not any(plan.contains in body for body in bodies):
            return None
        self._struck += 1
        return plan
