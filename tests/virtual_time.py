"""An event loop whose time jumps to the next timer as soon as nothing else is left to do.

A test of ten silent seconds then takes no time and gives the same figures on every machine. Functions handed to a
thread run in place, since a loop that waits for a thread would look idle; they may be given a time that they take.
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
    """`loop.time()` starts at 0 and moves only when every task waits.

    `thread` is what a call on a thread takes, in seconds: half of it until it happens, half until it is known here.
    """

    def __init__(self, thread: float = 0.0) -> None:
        self._jump = _Jump()
        self._thread = thread
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        future: asyncio.Future[T] = self.create_future()

        def run() -> None:
            try:
                result = func(*args)
            except asyncio.CancelledError:
                future.cancel()
            except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits
                self._later(_tell, future.set_exception, future, error)
            else:
                self._later(_tell, future.set_result, future, result)

        self._later(run)
        return future

    def _later(self, callback: Callable[..., None], *args: Any) -> None:
        if self._thread:
            self.call_later(self._thread / 2, callback, *args)
        else:
            callback(*args)


def _tell(tell: Callable[[Any], None], future: asyncio.Future[Any], what: Any) -> None:
    if not future.done():
        tell(what)


def in_virtual_time(scenario: Coroutine[Any, Any, T], thread: float = 0.0) -> T:
    """Run a scenario to its end; `thread` as in `VirtualTimeLoop`."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(thread)) as runner:
        return runner.run(scenario)
