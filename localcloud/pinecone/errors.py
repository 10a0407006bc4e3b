"""The service's error codes, and the two JSON shapes in which it reports them.

The data plane answers with a gRPC status, `{"code": 3, "message": ..., "details": []}`; the control plane and inference
with `{"error": {"code": "INVALID_ARGUMENT", "message": ...}, "status": 400}`. What is refused before it reaches either,
a missing key or a rate limit, is plain text.
"""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError


class Code(Enum):
    """An error code: its gRPC number and its HTTP status."""

    INVALID_ARGUMENT = (3, HTTPStatus.BAD_REQUEST)
    NOT_FOUND = (5, HTTPStatus.NOT_FOUND)
    ALREADY_EXISTS = (6, HTTPStatus.CONFLICT)
    FORBIDDEN = (7, HTTPStatus.FORBIDDEN)
    OUT_OF_RANGE = (11, HTTPStatus.BAD_REQUEST)
    UNIMPLEMENTED = (12, HTTPStatus.NOT_IMPLEMENTED)
    UNKNOWN = (2, HTTPStatus.INTERNAL_SERVER_ERROR)
    UNPROCESSABLE_ENTITY = (3, HTTPStatus.UNPROCESSABLE_ENTITY)

    @property
    def number(self) -> int:
        """The gRPC status code."""
        return self.value[0]

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status."""
        return self.value[1]


class ServiceError(Exception):
    """An answer that is an error. `str(error)` is the message the client sees."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code

    def as_rpc_status(self) -> dict[str, Any]:
        """The body of a data plane error."""
        return {"code": self.code.number, "message": str(self), "details": []}

    def as_error_response(self) -> dict[str, Any]:
        """The body of a control plane or inference error."""
        return {"error": {"code": self.code.name, "message": str(self)}, "status": self.code.status.value}


def invalid(message: str) -> ServiceError:
    """The request is well-formed and asks for something the service refuses."""
    return ServiceError(Code.INVALID_ARGUMENT, message)


def not_found(message: str) -> ServiceError:
    """The index, namespace or model is not there."""
    return ServiceError(Code.NOT_FOUND, message)


def from_validation(error: ValidationError, code: Code) -> ServiceError:
    """The first fault pydantic found in a body, with its place: `vectors[3].values[0]: Input should be ...`."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    return ServiceError(code, f"{place}: {fault['msg']}" if place else fault["msg"])
