"""`LambdaService`: every function of an application, invoked by name."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from localcloud.functions.asynchronous import LAMBDA_RETRY_DELAYS_S, AsyncInvocations, Failure
from localcloud.functions.errors import MOST_ASYNC_BYTES, MOST_SYNC_BYTES, FunctionNotFound, PayloadTooLarge
from localcloud.functions.invocation import Invocation, InvocationResult
from localcloud.functions.invoke_api import InvokeApi
from localcloud.functions.launch import Launcher, package_folders
from localcloud.functions.pool import Pool
from localcloud.functions.process import LogSink, Worker
from localcloud.functions.reload import changed_functions
from localcloud.template.identifiers import function_arn, function_name
from localcloud.template.model import Application, Function

if TYPE_CHECKING:
    from types import TracebackType

LOG = logging.getLogger(__name__)

_REAP_EVERY_S = 30.0


def log_line(function: str, line: str) -> None:
    """The default sink of what functions say."""
    LOG.info("%s: %s", function, line)


class LambdaService:
    """Runs functions under the real runtime client, and serves Lambda's Invoke API at `url`.

    `python` is the interpreter of the workers; `environment` is added to every function's variables; `inherited` is the
    user's environment, of which functions get PATH and credentials. `source_mode` says that code is not built (the
    developer's packages are there too); None looks for built layers. At most `max_concurrency` workers run a function
    at once, and one that is idle for `idle_s` seconds is ended. With `reload`, changed functions restart. Asynchronous
    invocations are tried again after `retry_delays_s`. What functions print goes to `log`.
    """

    def __init__(
        self,
        application: Application,
        *,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
        inherited: Mapping[str, str] | None = None,
        source_mode: bool | None = None,
        max_concurrency: int = 50,
        idle_s: float = 600.0,
        reload: bool = False,
        retry_delays_s: Sequence[float] = LAMBDA_RETRY_DELAYS_S,
        log: LogSink = log_line,
    ) -> None:
        self._functions = application.functions
        self._names = {function.name: function for function in application.functions.values()}
        self._python = python
        self._environment = dict(environment or {})
        self._inherited = os.environ if inherited is None else inherited
        self._source_mode = source_mode
        self._max_concurrency = max_concurrency
        self._idle_s = idle_s
        self._reload = reload
        self._log = log
        self._pools: dict[str, Pool] = {}
        self._events = AsyncInvocations(self._run, self._send_on, retry_delays_s=retry_delays_s)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self._lifeline: tuple[int, int] | None = None
        self._api = InvokeApi(self)

    @property
    def url(self) -> str:
        """The endpoint for `AWS_ENDPOINT_URL_LAMBDA`."""
        return self._api.url

    @property
    def failures(self) -> Sequence[Failure]:
        """The asynchronous invocations that were given up, the latest last."""
        return self._events.failures

    async def start(self, port: int = 0) -> Self:
        """Serves the Invoke API on 127.0.0.1. No worker is started yet."""
        await self._api.start(port)
        # Workers hold the read end and end themselves when it closes, which it does however this process goes.
        self._lifeline = os.pipe()
        launcher = Launcher(
            python=self._python,
            packages=await package_folders(self._python),
            parent=self._lifeline[0],
            inherited=self._inherited,
            # Functions call each other through this service unless they are told otherwise.
            extra={"AWS_ENDPOINT_URL_LAMBDA": self.url, **self._environment},
            source=self._source_mode,
        )
        self._pools = {
            logical_id: Pool(self._starter(function, launcher), most=self._max_concurrency)
            for logical_id, function in self._functions.items()
        }
        self._background(self._reap())
        if self._reload:
            self._background(self._restart_changed())
        return self

    async def stop(self) -> None:
        """Ends every worker; invocations under way and events that wait are lost."""
        self._stopping.set()
        await self._api.stop()
        await self._events.stop()
        await asyncio.gather(*(pool.stop() for pool in self._pools.values()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lifeline is not None:
            for end in self._lifeline:
                os.close(end)
            self._lifeline = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def find(self, identifier: str) -> Function:
        """The function with this logical id, name or ARN, with or without alias or version. Else FunctionNotFound."""
        function = self._functions.get(identifier) or self._names.get(function_name(identifier))
        if function is None:
            known = ", ".join(sorted(self._names)) or "none"
            raise FunctionNotFound(f"Function not found: {function_arn(function_name(identifier))}; there are: {known}")
        return function

    async def invoke(self, function: str, event: Any) -> InvocationResult:
        """Runs a function on `event`, anything JSON can say, and waits for it. It runs to its end whoever gives up."""
        return await self.invoke_json(self.find(function), json.dumps(event, ensure_ascii=False).encode())

    async def invoke_async(self, function: str, event: Any) -> str:
        """Has a function run on `event` some time, and gives the request id at once."""
        return self.accept_json(self.find(function), json.dumps(event, ensure_ascii=False).encode())

    async def invoke_json(
        self, function: Function, payload: bytes, *, arn: str | None = None, **details: str
    ) -> InvocationResult:
        """Like `invoke`, for a payload that is JSON already. `details` are fields of `Invocation`. PayloadTooLarge."""
        if len(payload) > MOST_SYNC_BYTES:
            raise PayloadTooLarge(_too_large(len(payload), MOST_SYNC_BYTES))
        invocation = Invocation(payload, arn or function_arn(function.name), **details)
        return await asyncio.shield(self._background(self._run(function, invocation)))

    def accept_json(self, function: Function, payload: bytes, *, arn: str | None = None, **details: str) -> str:
        """Like `invoke_async`, for a payload that is JSON already."""
        if len(payload) > MOST_ASYNC_BYTES:
            raise PayloadTooLarge(_too_large(len(payload), MOST_ASYNC_BYTES))
        invocation = Invocation(payload, arn or function_arn(function.name), **details)
        self._events.accept(function, invocation)
        return invocation.request_id

    async def warm(self, counts: Mapping[str, int]) -> None:
        """Starts so many workers for each function and waits until they can take a call. They are kept from then on.

        InitFailed if a function cannot be loaded.
        """
        pools = [(self._pools[self.find(function).logical_id], count) for function, count in counts.items()]
        await asyncio.gather(*(pool.warm(count) for pool, count in pools))

    def kill(self, function: str, payload: str = "") -> int:
        """Kills the workers of a function whose event holds `payload`, with SIGKILL; how many there were.

        Whatever they were doing comes back as the exit of their process, as it does from Lambda.
        """
        return self._pools[self.find(function).logical_id].kill(
            lambda invocation: payload.encode() in invocation.payload
        )

    async def settled(self) -> None:
        """Waits until no asynchronous invocation is left."""
        await self._events.settled()

    async def _run(self, function: Function, invocation: Invocation) -> InvocationResult:
        return await self._pools[function.logical_id].run(invocation)

    def _send_on(self, destination: str, record: bytes) -> None:
        """Delivers a failure record to a function; other destinations are only recorded in `failures`."""
        if ":function:" in destination:
            self.accept_json(self.find(destination), record)

    def _starter(self, function: Function, launcher: Launcher) -> Callable[[], Coroutine[Any, Any, Worker]]:
        return lambda: Worker.start(function, launcher, self._log)

    def _background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(min(self._idle_s, _REAP_EVERY_S))
            for pool in self._pools.values():
                pool.reap(self._idle_s)

    async def _restart_changed(self) -> None:
        async for changed in changed_functions(self._functions, self._stopping):
            LOG.info("restarting %s", ", ".join(sorted(changed)))
            await asyncio.gather(*(self._pools[logical_id].restart() for logical_id in changed))


def _too_large(size: int, most: int) -> str:
    return f"{size} byte payload is too large for the Invoke operation (limit: {most} bytes)"
