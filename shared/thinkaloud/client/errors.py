"""What a client can run into that no frame tells it.

    ThinkaloudError
    └── ClientError
        ├── BadAddress        the URL is no WebSocket URL
        ├── BadToken          the token cannot be sent
        ├── CannotConnect     nobody answers there, after every attempt
        │   └── HandshakeRefused  somebody answered, with another status than 101
        ├── ConnectionLost    the socket broke, and there was no coming back in time
        ├── NoReply           the socket stands, and the reply did not come in time
        ├── FramesMissing     the answer has a hole that no replay filled
        ├── TurnLost          the server has no such turn to go on with
        ├── Refused           the server answered a frame with an `error`
        ├── RequestRefused    the HTTP API answered a request with another status than 2xx
        └── GatewayError      the gateway itself reported a failure (a frame without `type`)

They live beside the client and not in `thinkaloud.errors`, whose table says what a *server's* failure looks like
to a client; none of these has a row there. A refused question and a failed answer are `error` frames, not exceptions.
"""

from __future__ import annotations

from thinkaloud.errors import ThinkaloudError


class ClientError(ThinkaloudError):
    """Base of the client's errors; `str(error)` is written for a person."""

    #: Whether the same frame, sent again, may fare better.
    passing = False


class BadAddress(ClientError):
    """The address cannot be used as a WebSocket URL."""


class BadToken(ClientError):
    """The token source failed (the cause says how), or gave what no header can carry. Never holds the token."""


class CannotConnect(ClientError):
    """No connection could be opened; the message names the address and the last reason."""


class HandshakeRefused(CannotConnect):
    """The server answered with `status` instead of 101: 401 and 403 mean the token, 502 a failed `$connect`."""

    def __init__(self, url: str, status: int) -> None:
        meaning = HANDSHAKE_MEANINGS.get(status, "the server refused the connection")
        super().__init__(f"{url}: {meaning} (HTTP {status})")
        self.status = status


class ConnectionLost(ClientError):
    """The socket closed while something was due; an accepted turn goes on at the server.

    `connection` counts the client's connections from 1: which one it was.
    """

    passing = True

    def __init__(self, message: str, connection: int) -> None:
        super().__init__(message)
        self.connection = connection


class NoReply(ClientError):
    """Nothing came within the limit that the message names."""

    passing = True


class FramesMissing(ClientError):
    """The frames from number `first` to number `last` of a turn never came."""

    def __init__(self, first: int, last: int) -> None:
        numbers = f"frame {first}" if first == last else f"frames {first} to {last}"
        super().__init__(f"the answer is incomplete: {numbers} never arrived")
        self.first = first
        self.last = last


class TurnLost(ClientError):
    """The server cannot go on with the turn. `reason` is `none` (unknown, or too old), or the code it refused with."""

    def __init__(self, session: str, turn: str | None, reason: str = "none", message: str = "") -> None:
        what = f"turn {turn}" if turn else "a turn"
        said = message or "it is unknown there, or too old"
        super().__init__(f"the server cannot go on with {what} of session {session}: {said}")
        self.session = session
        self.turn = turn
        self.reason = reason


class Refused(ClientError):
    """The server answered a frame with an `error` of this `code`."""

    def __init__(self, what: str, code: str, message: str, passing: bool) -> None:
        super().__init__(f"the {what} was refused: {message}")
        self.code = code
        self.passing = passing


class RequestRefused(ClientError):
    """The HTTP API, or the bucket that takes a file, said no. `code` as in its `error`, `status` the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code}, HTTP {status})")
        self.status = status
        self.code = code
        self.message = message


class GatewayError(ClientError):
    """API Gateway's own words: the integration raised, timed out or does not exist. `request` is its request id.

    It passes, but where no route takes the frame: too many requests at once, a function that raised or took too long
    may all go well the next time.
    """

    def __init__(self, message: str, request: str) -> None:
        super().__init__(f"the gateway says: {message} (request {request or 'unknown'})")
        self.message = message
        self.request = request
        self.passing = message != NO_ROUTE


#: What the gateway says where no route takes a frame.
NO_ROUTE = "Forbidden"

HANDSHAKE_MEANINGS = {
    401: "the token is missing, expired or not valid here",
    403: "this token or origin may not connect",
    404: "there is no WebSocket here; check the path",
    429: "too many new connections; try again in a moment",
    500: "the authorizer failed",
    502: "the connect function failed",
}
