"""Lambda's Invoke API over HTTP, for boto3's lambda client, and beside it a way to kill what runs.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Protocol

from aiohttp import web

from localcloud.functions.errors import MOST_SYNC_BYTES, FunctionNotFound, InvocationRefused, PayloadNotJson
from localcloud.functions.invocation import InvocationResult, new_request_id
from localcloud.template.identifiers import function_arn, split_function
from localcloud.template.model import Function


class Invoker(Protocol):
    """What the API needs of the service behind it."""

    def find(self, identifier: str) -> Function:
        """The function with this name or ARN."""

    async def invoke_json(
        self, function: Function, payload: bytes, *, arn: str | None = None, **details: str
    ) -> InvocationResult:
        """Runs the function and waits for it."""

    def accept_json(self, function: Function, payload: bytes, *, arn: str | None = None, **details: str) -> str:
        """Has the function run some time."""

    def kill(self, function: str, payload: str = "") -> int:
        """Kills the workers of a function whose event holds `payload`; how many there were."""


class InvokeApi:
    """Serves `POST /2015-03-31/functions/{name or ARN}/invocations` on 127.0.0.1.

    `POST /admin/functions/{name}/kill?contains=TEXT` kills, with SIGKILL, what works on an event with this text in it.
    """

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker
        # More than the limit is taken in, so that what is too large can be refused in Lambda's words.
        application = web.Application(client_max_size=MOST_SYNC_BYTES * 2)
        application.router.add_post("/2015-03-31/functions/{name}/invocations", self._invoke)
        application.router.add_post("/admin/functions/{name}/kill", self._kill)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        self._url: str | None = None

    @property
    def url(self) -> str:
        """Where the API is."""
        if self._url is None:
            raise RuntimeError("start() comes first")
        return self._url

    async def start(self, port: int) -> None:
        """Listens on `port`, or on any free one where it is 0. OSError where it is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._url = "http://{}:{}".format(*self._runner.addresses[0])

    async def stop(self) -> None:
        """Closes the API."""
        await self._runner.cleanup()

    async def _kill(self, request: web.Request) -> web.Response:
        try:
            killed = self._invoker.kill(request.match_info["name"], request.query.get("contains", ""))
        except FunctionNotFound as error:
            return web.json_response({"error": {"code": "unknown_function", "message": str(error)}}, status=404)
        return web.json_response({"killed": killed})

    async def _invoke(self, request: web.Request) -> web.Response:
        request_id = new_request_id()
        try:
            response = await self._answer(request, request_id)
        except InvocationRefused as error:
            response = web.json_response({"Type": "User", "Message": str(error)}, status=error.status)
            response.headers["x-amzn-ErrorType"] = error.code
        response.headers["x-amzn-RequestId"] = request_id
        return response

    async def _answer(self, request: web.Request, request_id: str) -> web.Response:
        function = self._invoker.find(request.match_info["name"])
        payload = await _json_payload(request)
        _, qualifier = split_function(request.match_info["name"])
        arn = function_arn(function.name, request.query.get("Qualifier") or qualifier)
        details = {"request_id": request_id}
        if "X-Amzn-Trace-Id" in request.headers:
            details["trace_id"] = request.headers["X-Amzn-Trace-Id"]
        match request.headers.get("X-Amz-Invocation-Type", "RequestResponse"):
            case "Event":
                # Lambda drops the client context of an asynchronous invocation.
                self._invoker.accept_json(function, payload, arn=arn, **details)
                return web.Response(status=202)
            case "DryRun":
                return web.Response(status=204)
            case "RequestResponse":
                context = request.headers.get("X-Amz-Client-Context")
                if context is not None:
                    details["client_context"] = _client_context(context)
                result = await self._invoker.invoke_json(function, payload, arn=arn, **details)
                headers = {"X-Amz-Executed-Version": "$LATEST"}
                if result.failed:
                    headers["X-Amz-Function-Error"] = "Unhandled"
                return web.Response(body=result.body, content_type="application/json", headers=headers)
            case other:
                raise InvocationRefused(f"InvocationType {other} is unknown; use RequestResponse, Event or DryRun")


async def _json_payload(request: web.Request) -> bytes:
    payload = await request.read() or b"{}"
    if len(payload) <= MOST_SYNC_BYTES:
        try:
            json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise PayloadNotJson(f"Could not parse request body into json: {error}") from None
    return payload


def _client_context(header: str) -> str:
    try:
        return base64.b64decode(header, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvocationRefused("ClientContext must be JSON in base64") from None
