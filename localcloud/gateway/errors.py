"""Everything this package raises.

GatewayError
├── PortTaken             somebody else listens on the port
├── UnknownSelection      a route selection expression that is not `$request.body.…`
├── Refused               a handshake ends with this HTTP status
├── Gone                  the connection is not open, or not any more
└── BufferFull            the client reads too slowly: what waits for it has reached the limit
"""

from __future__ import annotations


class GatewayError(Exception):
    """The base of this package's exceptions."""


class PortTaken(GatewayError):
    """Somebody else listens on the port; the text is one line for the user."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is taken: stop the program that listens there, "
            "or choose another port (0 picks a free one)"
        )
        self.host = host
        self.port = port


class UnknownSelection(GatewayError):
    """A route selection expression the gateway cannot follow."""

    def __init__(self, expression: str) -> None:
        super().__init__(
            f"route selection expression {expression!r} is not supported: "
            "write $request.body. and the path of a property, for example $request.body.action"
        )


class Refused(GatewayError):
    """A handshake that ends with an HTTP `status`; `error_type` goes into `x-amzn-ErrorType`."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message


class Gone(GatewayError):
    """The connection is not open, or not any more."""


class BufferFull(GatewayError):
    """The client reads too slowly: what already waits for it leaves no room."""
