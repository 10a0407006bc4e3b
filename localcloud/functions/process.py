"""A worker: one process of a function, from its start over many invocations to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio import StreamReader
from asyncio.subprocess import Process
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from localcloud.functions.invocation import Invocation, InvocationResult, exited, new_request_id, timed_out
from localcloud.functions.launch import Launcher
from localcloud.functions.output import lines
from localcloud.functions.runtime_api import InitFailed, RuntimeApi
from localcloud.template.model import Function

LogSink: TypeAlias = Callable[[str, str], None]
"""Takes a function's name and one line that it, or Lambda about it, has to say."""

_INIT_LIMIT_S = 10.0
_LAST_WORDS_S = 1.0


class Worker:
    """One process. It runs one invocation at a time; `start` it first, and `stop` it in the end."""

    def __init__(self, function: Function, process: Process, api: RuntimeApi, log: LogSink) -> None:
        self._function = function
        self._process = process
        self._api = api
        self._log = log
        self._stopped = False
        self._ended_on_purpose = False
        self._exit = asyncio.create_task(process.wait(), name=f"{function.name}: exit")
        self._output = asyncio.create_task(self._pass_on_output(), name=f"{function.name}: output")

    @classmethod
    async def start(cls, function: Function, launcher: Launcher, log: LogSink) -> Worker:
        """A worker that waits for its first invocation. InitFailed if the function cannot be loaded in time.

        The time is Lambda's: 10 s, and then once more as long as an invocation may take.
        https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
        """
        api = RuntimeApi(function.name)
        address = await api.start()
        try:
            worker = cls(function, await launcher.launch(function, address), api, log)
        except BaseException:
            await api.stop()
            raise
        try:
            await worker._initialised()
        except BaseException:
            await worker.stop()
            raise
        return worker

    @property
    def exit(self) -> asyncio.Future[int]:
        """Done when the process has ended."""
        return self._exit

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Runs one invocation. Never raises for what the function does; after a failure of the process, `exit` is done.

        A function that takes too long is killed, as is all it started.
        """
        limit_s = self._function.timeout_s
        outcome = self._api.hand_over(invocation, limit_s)
        await self._first(outcome, limit_s)
        if outcome.done():
            return outcome.result()
        if self._exit.done():
            result = exited(invocation.request_id, self._exit.result())
        else:
            result = timed_out(invocation.request_id, limit_s)
        on_purpose = self._ended_on_purpose
        await self.stop()
        if not on_purpose:  # whoever stopped it knows
            self._report(result)
        return result

    def kill(self) -> None:
        """Kills the process with all it started, and leaves the rest to whoever waits for it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: permission, for a group of zombies
            os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Kills the process with all it started, and waits for its last words."""
        if not self._stopped:
            self._stopped = True
            self._ended_on_purpose = not self._exit.done()
            self.kill()
        await self._exit
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._output, _LAST_WORDS_S)
        await self._api.stop()

    async def _initialised(self) -> None:
        limit_s = _INIT_LIMIT_S + self._function.timeout_s
        await self._first(self._api.ready, limit_s)
        if self._api.ready.done():
            self._api.ready.result()
            return
        if self._exit.done():
            result = exited(new_request_id(), self._exit.result())
        else:
            result = timed_out(new_request_id(), limit_s)
        self._report(result)
        raise InitFailed(self._function.name, result)

    async def _first(self, awaited: asyncio.Future[Any], limit_s: float) -> None:
        """Waits for `awaited`, the end of the process or the end of the time, whichever comes first."""
        either: set[asyncio.Future[Any]] = {awaited, self._exit}
        await asyncio.wait(either, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)

    def _report(self, result: InvocationResult) -> None:
        """The function itself could not say this any more."""
        if result.error is not None:
            self._log(self._function.logical_id, result.error["errorMessage"])

    async def _pass_on_output(self) -> None:
        async for line in lines(cast("StreamReader", self._process.stdout)):
            self._log(self._function.logical_id, line)
