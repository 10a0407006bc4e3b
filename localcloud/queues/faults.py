"""What may happen to a batch on its way to a function, brought about on purpose."""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DeliveryPlan:
    """What happens to batches, and to which.

    A batch that is struck waits `delay_ms`. It is delivered so many times, one after the other or all `at_once`: SQS
    promises at least once. With `kill_after_ms` the process that works on it is killed so long after each delivery.

    Which: those with a message whose body holds the text `contains`, until `count` batches have been struck.
    """

    delay_ms: float = Field(default=0, ge=0, allow_inf_nan=False)
    deliveries: int = Field(default=1, ge=1, le=20)
    at_once: bool = False
    kill_after_ms: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    contains: str = ""
    count: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _does_something(self) -> DeliveryPlan:
        if not self.delay_ms and self.deliveries == 1 and self.kill_after_ms is None:
            raise ValueError("the plan does nothing: give it delay_ms, deliveries or kill_after_ms")
        return self


class DeliveryFaults:
    """The plan in force for all mappings, if there is one."""

    def __init__(self) -> None:
        self._plan: DeliveryPlan | None = None
        self._struck = 0

    @property
    def plan(self) -> DeliveryPlan | None:
        """The plan in force."""
        return self._plan

    def set(self, plan: DeliveryPlan) -> None:
        """Put `plan` in force from now on."""
        self._plan, self._struck = plan, 0

    def clear(self) -> None:
        """Take the plan back."""
        self._plan = None

    def strike(self, bodies: list[str]) -> DeliveryPlan | None:
        """The plan that hits a batch with these messages, or None. Asking counts as one batch."""
        plan = self._plan
        if plan is None or (plan.count is not None and self._struck >= plan.count):
            return None
        if not any(plan.contains in body for body in bodies):
            return None
        self._struck += 1
        return plan
