"""Errors -> answers. All have one shape, `{"error": {"code", "message"}}`, with the codes of `thinkaloud.errors`."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from thinkaloud.api.models import Refusal
from thinkaloud.client_codes import client_code
from thinkaloud.errors import (
    DispatchFailed,
    DocumentBusy,
    DocumentError,
    DocumentTooLarge,
    DocumentUnsupported,
    IdentityError,
    InvalidRequest,
    ScopeMissing,
    StorageError,
    ThinkaloudError,
    UnknownDocument,
    UnknownTurn,
)
from thinkaloud.telemetry import audit, logger

#: error -> (status, whether its text is for the caller). The most derived class wins.
_STATUS: dict[type[Exception], tuple[int, bool]] = {
    IdentityError: (401, False),
    ScopeMissing: (403, True),
    UnknownDocument: (404, True),
    UnknownTurn: (404, True),
    DocumentBusy: (409, True),
    DocumentTooLarge: (413, True),
    DocumentUnsupported: (415, True),
    DocumentError: (422, True),
    InvalidRequest: (422, True),
    StorageError: (503, False),
    DispatchFailed: (503, False),
}
_PLAIN = {
    "unauthorized": "the token is missing or not good any more; sign in again",
    "throttled": "too much is going on; try again in a moment",
    "storage_unavailable": "the storage does not answer; try again in a moment",
    "internal": "something went wrong on our side",
}
#: What can go wrong on every route, for the API's description.
RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"model": Refusal, "description": "`unauthorized`: the token has run out"},
    403: {"model": Refusal, "description": "`forbidden`: the token lacks a scope"},
    422: {"model": Refusal, "description": "`invalid_request`: the message names the field"},
    503: {"model": Refusal, "description": "`throttled`, `storage_unavailable`: try again"},
}


def answer_failures(application: FastAPI) -> None:
    """Have the application answer every error in the one shape."""
    application.add_exception_handler(ThinkaloudError, _ours)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(HTTPException, _plain)
    application.add_exception_handler(Exception, _unforeseen)


def refusal(status: int, code: str, message: str) -> JSONResponse:
    """An answer in the one shape."""
    headers = {"retry-after": "2"} if status == 503 else None
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _ours(request: Request, error: Exception) -> JSONResponse:
    code = error.code if isinstance(error, DocumentError) else client_code(error)[0]
    status, told = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), (500, False))
    if isinstance(error, (IdentityError, ScopeMissing)):
        audit("a request that may not be made", route=request.scope["path"], detail=str(error))
    elif status >= 500:
        logger().error("request failed", extra={"route": request.scope["path"], "detail": str(error)})
    return refusal(status, code, str(error) if told else _PLAIN.get(code, _PLAIN["internal"]))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong with a request, without the value, which may be long."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it was registered for
    first = error.errors()[0]
    place = ".".join(str(part)[:64] for part in first["loc"] if part not in ("body", "query", "path"))
    return refusal(422, "invalid_request", f"{place or 'the request'}: {first['msg']}")


def _plain(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own: no such route, no such method, a body that is no JSON."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what it was registered for
    code = {404: "not_found", 405: "not_found"}.get(error.status_code, "invalid_request")
    return refusal(error.status_code, code, str(error.detail))


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    logger().error("request failed", exc_info=error, extra={"route": request.scope["path"]})
    return refusal(500, "internal", _PLAIN["internal"])
