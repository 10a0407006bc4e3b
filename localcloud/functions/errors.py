"""Why an invocation is refused before any function runs.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
"""

from __future__ import annotations

MOST_SYNC_BYTES = 6 * 1024 * 1024
MOST_ASYNC_BYTES = 1024 * 1024


class InvocationRefused(Exception):
    """`status` and `code` are those of Lambda's HTTP API; `str()` is its message."""

    status = 400
    code = "InvalidParameterValueException"


class FunctionNotFound(InvocationRefused):
    """No function has this name or ARN."""

    status = 404
    code = "ResourceNotFoundException"


class PayloadTooLarge(InvocationRefused):
    """More bytes than an invocation of this kind takes."""

    status = 413
    code = "RequestTooLargeException"


class PayloadNotJson(InvocationRefused):
    """The payload is not JSON."""

    code = "InvalidRequestContentException"
