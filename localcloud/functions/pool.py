"""The workers of one function: as many as run at once, kept warm for the next call, sent home when idle."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from localcloud.functions.invocation import Invocation, InvocationResult
from localcloud.functions.runtime_api import InitFailed


class Worker(Protocol):
    """What a pool needs of a worker."""

    @property
    def exit(self) -> asyncio.Future[int]:
        """Done when the process has ended."""

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Runs one invocation and never raises; where `exit` is done afterwards, the worker is of no more use."""

    def kill(self) -> None:
        """Sends the process SIGKILL and does not wait: the invocation under way is lost with it."""

    async def stop(self) -> None:
        """Ends the process."""


StartWorker: TypeAlias = Callable[[], Awaitable[Worker]]


@dataclass(frozen=True)
class _Idle:
    worker: Worker
    since: float


class Pool:
    """Hands each invocation to a worker of its own.

    A free worker is reused, the latest first. Without one, a new one is started, up to `most` in all. Only a few start
    at a time, as that is what keeps a laptop busy, and a worker that gets free meanwhile takes the call instead. Beyond
    `most`, calls wait their turn, where Lambda would throttle. `clock` gives seconds.
    """

    def __init__(self, start: StartWorker, *, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._most = most
        self._most_starts = max(2, os.cpu_count() or 2)
        self._clock = clock
        self._idle: list[_Idle] = []
        self._workers: dict[Worker, int] = {}
        self._running: dict[Worker, Invocation] = {}
        self._generation = 0
        self._wanted = 0
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._starts: set[asyncio.Task[None]] = set()
        self._stops: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def size(self) -> int:
        """How many workers there are, busy or idle."""
        return len(self._workers)

    @property
    def idle(self) -> int:
        """How many workers wait for a call."""
        return len(self._idle)

    async def run(self, invocation: Invocation) -> InvocationResult:
        """The result of `invocation`, waiting for a worker as long as it takes."""
        try:
            worker = await self._acquire()
        except InitFailed as error:
            return error.result
        self._running[worker] = invocation
        try:
            return await worker.invoke(invocation)
        except asyncio.CancelledError:
            self._retire(worker)  # it is still at work, and nobody listens
            raise
        finally:
            del self._running[worker]
            self._release(worker)

    def kill(self, doomed: Callable[[Invocation], bool]) -> int:
        """Kills the workers that run such an invocation, as when their machine is lost; how many there were."""
        found = [worker for worker, invocation in self._running.items() if doomed(invocation)]
        for worker in found:
            worker.kill()
        return len(found)

    async def warm(self, count: int) -> None:
        """Sees to it that `count` workers are ready and stay so, whatever their idle time. InitFailed if one is not."""
        self._wanted = min(count, self._most)
        missing = self._wanted - len(self._workers)
        for outcome in await asyncio.gather(*(self._add() for _ in range(missing)), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def reap(self, idle_s: float) -> None:
        """Stops workers that have been idle for `idle_s`, except those that are to stay warm."""
        spare = len(self._workers) - self._wanted
        for entry in [entry for entry in self._idle if self._clock() - entry.since >= idle_s][: max(spare, 0)]:
            self._idle.remove(entry)
            self._retire(entry.worker)

    async def restart(self) -> None:
        """Replaces every worker: idle ones now, busy ones after their call. As many as were warm are warm again."""
        self._generation += 1
        ready = len(self._idle)
        for entry in self._idle:
            self._retire(entry.worker)
        self._idle.clear()
        missing = min(max(ready, self._wanted), self._most - len(self._workers))
        await asyncio.gather(*(self._add() for _ in range(missing)), return_exceptions=True)

    async def stop(self) -> None:
        """Ends all workers. Calls under way come back as exits of their process."""
        self._closed = True
        for waiter in self._waiting:
            waiter.cancel()
        starts = list(self._starts)
        for start in starts:
            start.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        for worker in list(self._workers):
            self._retire(worker)
        await asyncio.gather(*self._stops, return_exceptions=True)

    async def _acquire(self) -> Worker:
        if self._closed:
            raise asyncio.CancelledError
        if self._idle:
            return self._idle.pop().worker
        waiter: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._grow()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._release(waiter.result())
            raise

    def _grow(self) -> None:
        """Starts workers for the calls that wait, within the bounds."""
        while (
            not self._closed
            and len(self._starts) < min(len(self._waiting), self._most_starts)
            and len(self._workers) + len(self._starts) < self._most
        ):
            start = asyncio.create_task(self._start_for_waiting())
            self._starts.add(start)
            start.add_done_callback(self._started)

    def _started(self, start: asyncio.Task[None]) -> None:
        self._starts.discard(start)
        self._grow()

    async def _start_for_waiting(self) -> None:
        try:
            await self._add()
        except (InitFailed, OSError) as error:
            if waiter := self._next_waiting():
                waiter.set_exception(error)

    async def _add(self) -> None:
        """Starts a worker and offers it to whoever waits."""
        generation = self._generation
        worker = await self._start()
        self._workers[worker] = generation
        worker.exit.add_done_callback(lambda _: self._forget(worker))
        self._release(worker)

    def _release(self, worker: Worker) -> None:
        """The worker is free: it takes the next waiting call, or waits itself, or goes."""
        generation = self._workers.get(worker)
        if generation is None or worker.exit.done():
            self._forget(worker)
        elif generation != self._generation or self._closed:
            self._retire(worker)
        elif waiter := self._next_waiting():
            waiter.set_result(worker)
        else:
            self._idle.append(_Idle(worker, self._clock()))
        self._grow()

    def _next_waiting(self) -> asyncio.Future[Worker] | None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def _retire(self, worker: Worker) -> None:
        self._workers.pop(worker, None)
        stop = asyncio.create_task(worker.stop())
        self._stops.add(stop)
        stop.add_done_callback(self._stops.discard)

    def _forget(self, worker: Worker) -> None:
        """The worker's process has ended."""
        self._idle = [entry for entry in self._idle if entry.worker is not worker]
        if self._workers.pop(worker, None) is not None:
            self._retire(worker)
