"""One invocation: what a function is called with, and what comes back."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


def new_request_id() -> str:
    """An id as Lambda gives them."""
    return str(uuid.uuid4())


def new_trace_id() -> str:
    """An X-Ray trace header that starts a trace, unsampled: nothing on localhost collects segments.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True)
class Invocation:
    """What one run of a function gets. `payload` is JSON, `client_context` JSON or nothing."""

    payload: bytes
    function_arn: str
    request_id: str = field(default_factory=new_request_id)
    trace_id: str = field(default_factory=new_trace_id)
    client_context: str | None = None


@dataclass(frozen=True)
class InvocationResult:
    """What a function left behind. `body` is what it returned, or where it `failed` Lambda's error object, as JSON."""

    body: bytes
    failed: bool = False

    @cached_property
    def payload(self) -> Any:
        """The returned value; None where the function failed. A handler that returns bytes may return no JSON."""
        return None if self.failed else _decoded(self.body)

    @cached_property
    def error(self) -> dict[str, Any] | None:
        """`errorType`, `errorMessage` and more; None where the function returned."""
        if not self.failed:
            return None
        error = _decoded(self.body)
        return error if isinstance(error, dict) else {"errorType": "Unhandled", "errorMessage": str(error)}


def failure(error_type: str, message: str) -> InvocationResult:
    """An error that Lambda itself reports, rather than the function."""
    return InvocationResult(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), failed=True)


def timed_out(request_id: str, limit_s: float) -> InvocationResult:
    """The function took longer than it may."""
    return failure("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {limit_s:.2f} seconds")


def exited(request_id: str, code: int) -> InvocationResult:
    """The process ended instead of answering. A negative `code` is the signal that ended it."""
    if code == 0:
        how = "Runtime exited without providing a reason"
    else:
        status = f"exit status {code}" if code > 0 else f"signal {-code}"
        how = f"Runtime exited with error: {status}"
    return failure("Runtime.ExitError", f"RequestId: {request_id} Error: {how}")


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", errors="replace")
