"""The HTTP API through which one runtime process takes its invocations and gives back what came of them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import asyncio
import re
import time

from aiohttp import web

from localcloud.functions.errors import MOST_SYNC_BYTES
from localcloud.functions.invocation import Invocation, InvocationResult, failure

_CLOSE_LIMIT_S = 1.0
_ROOT = "/2018-06-01/runtime"
_OUTCOME = re.compile(rf"{_ROOT}/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")


class InitFailed(Exception):
    """A function could not be loaded. `str()` is one line; `result` is what its first invocation is answered with."""

    def __init__(self, function: str, result: InvocationResult) -> None:
        message = str((result.error or {}).get("errorMessage", ""))
        super().__init__(f"{function} cannot be loaded: {' '.join(message.split())}")
        self.result = result


class RuntimeApi:
    """The API for one process of `function`, which runs one invocation at a time."""

    def __init__(self, function: str) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._handed: asyncio.Queue[tuple[Invocation, float] | None] = asyncio.Queue()
        self._running: tuple[str, asyncio.Future[InvocationResult]] | None = None
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._server = web.Server(self._handle, access_log=None)
        self._listener: asyncio.Server | None = None

    @property
    def ready(self) -> asyncio.Future[None]:
        """Done once the process asks for its first invocation; raises InitFailed if it reports an error instead."""
        return self._ready

    async def start(self) -> str:
        """Listens on 127.0.0.1 and gives the address, `host:port`."""
        self._listener = await self._loop.create_server(self._server, "127.0.0.1", 0)
        host, port = self._listener.sockets[0].getsockname()
        return f"{host}:{port}"

    async def stop(self) -> None:
        """Closes the API. Whoever waits for a result waits in vain; the process's end tells what happened."""
        if self._listener is not None:
            self._listener.close()
        self._handed.put_nowait(None)
        await self._server.shutdown(timeout=_CLOSE_LIMIT_S)
        if self._ready.done() and not self._ready.cancelled():
            self._ready.exception()  # looked at, so that asyncio does not report it as lost

    def hand_over(self, invocation: Invocation, timeout_s: float) -> asyncio.Future[InvocationResult]:
        """Gives the process its next invocation, to be done within `timeout_s`; the future is its outcome."""
        outcome: asyncio.Future[InvocationResult] = self._loop.create_future()
        self._running = invocation.request_id, outcome
        self._handed.put_nowait((invocation, time.time() + timeout_s))
        return outcome

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "GET" and request.path == f"{_ROOT}/invocation/next":
            return await self._next()
        if request.method == "POST" and request.path == f"{_ROOT}/init/error":
            error = InitFailed(self._function, InvocationResult(await request.content.read(), failed=True))
            if not self._ready.done():
                self._ready.set_exception(error)
            return web.json_response({"status": "OK"}, status=202)
        found = _OUTCOME.fullmatch(request.path)
        if request.method == "POST" and found is not None:
            return self._take(found["request_id"], found["kind"] == "error", await request.content.read())
        return web.json_response({"errorType": "NotFound", "errorMessage": request.path}, status=404)

    async def _next(self) -> web.Response:
        if not self._ready.done():
            self._ready.set_result(None)
        handed = await self._handed.get()
        if handed is None:
            return web.json_response({"errorType": "Closed", "errorMessage": "no more invocations"}, status=503)
        invocation, deadline_s = handed
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline_s * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(body=invocation.payload, content_type="application/json", headers=headers)

    def _take(self, request_id: str, failed: bool, body: bytes) -> web.Response:
        if self._running is None or self._running[0] != request_id or self._running[1].done():
            answer = {"errorType": "InvalidRequestID", "errorMessage": f"{request_id} is not running"}
            return web.json_response(answer, status=400)
        if len(body) > MOST_SYNC_BYTES:
            result = failure(
                "Function.ResponseSizeTooLarge",
                f"Response payload size ({len(body)} bytes) exceeded maximum allowed payload size "
                f"({MOST_SYNC_BYTES} bytes).",
            )
        else:
            result = InvocationResult(body, failed)
        self._running[1].set_result(result)
        return web.json_response({"status": "OK"}, status=202)
