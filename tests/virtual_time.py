"""An event loop whose time jumps to the next timer as soon as nothing else is left to do.

A test of ten silent seconds then takes no time and gives the same figures on every machine. Functions handed to a
thread run at once, in place, since a loop that waits for a thread would look idle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from selectors import DefaultSelector, SelectorKey
from typing import Any, TypeVar

T = TypeVar("T")
#: Seconds that each look for events takes at least, so that rounding cannot make time stand still.
_TICK = 1e-9


class _Jump(DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("every task waits, and no timer will wake any of them")
        self.now += max(timeout, _TICK)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 0 and moves only when every task waits."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits
            future.set_exception(error)
        return future


def in_virtual_time(scenario: Coroutine[Any, Any, T]) -> T:
    """Run a scenario to its end."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(scenario)
