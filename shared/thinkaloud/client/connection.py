"""One WebSocket: open it with a token, or say in the client's own terms why that failed."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from thinkaloud.client.errors import BadAddress, BadToken, CannotConnect, ClientError, HandshakeRefused
from thinkaloud.protocol import SUBPROTOCOL

#: Gives a token; asked anew for every attempt, because an old one may have expired meanwhile.
TokenSource = Callable[[], Awaitable[str]]


class Socket(Protocol):
    """What the client needs of an open WebSocket; `websockets` has it, and a test may have another."""

    async def send(self, message: str, /) -> None:
        """Send one text frame; raises websockets' ConnectionClosed."""

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...

    async def close(self) -> None:
        """Close it, and wait until it is."""

    @property
    def close_code(self) -> int | None: ...

    @property
    def close_reason(self) -> str | None: ...


#: Opens a socket: (url, token, limits). Raises as `open_socket` does.
Dial = Callable[[str, str, "Limits"], Awaitable[Socket]]

#: Statuses of a refused handshake that a later attempt may not meet again.
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the client waits, in seconds.

    `reply` is longer than the 29 s that the gateway gives a function, so that the gateway's own word comes first.
    `resumed` is how long a `resume` may wait for its reply before the connection is given up; it doubles from one to
    the next, up to `reply`. A `stop` is sent again after as long, and given up after `stop`. `hole` is how long later
    frames wait for one that lacks before it is asked for. `patience` is how long an answer tries to come back without
    a new frame. A ping is sent each `ping` (the gateway closes after ten idle minutes), and the next token is handed in
    `renew` before the present one runs out.
    """

    open: float = 10.0
    reply: float = 32.0
    resumed: float = 8.0
    stop: float = 20.0
    hole: float = 3.0
    patience: float = 120.0
    ping: float = 300.0
    renew: float = 60.0
    close: float = 2.0


async def fetch(token: TokenSource) -> str:
    """A token that a header can carry.

    Raises:
        BadToken: it cannot, or the source failed, which is then the cause.
    """
    try:
        bearer = await token()
    except Exception as error:  # whatever somebody else's code raises
        raise BadToken(f"the token source failed ({type(error).__name__})") from error
    if not bearer or not bearer.isascii() or not bearer.isprintable() or " " in bearer:
        raise BadToken("the token is empty or holds characters that no header can carry")
    return bearer


async def open_socket(url: str, bearer: str, limits: Limits) -> Socket:
    """Connect once.

    The token goes into `Authorization`, as native clients send it; only browsers need it in the subprotocol list.

    Raises:
        BadAddress: another attempt cannot help.
        HandshakeRefused: with the HTTP status.
        CannotConnect: no route, nobody there, no TLS, or no reply within `limits.open`.
    """
    host = _host(url)
    try:
        return await connect(
            url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {bearer}"},
            # A proxy of the environment is for the outside world; it cannot reach this machine's loopback.
            proxy=None if _is_loopback(host) else True,
            compression=None,  # API Gateway does not offer it
            open_timeout=limits.open,
            close_timeout=limits.close,
        )
    except InvalidURI as error:
        raise BadAddress(str(error)) from error
    except InvalidStatus as error:
        raise HandshakeRefused(url, error.response.status_code) from error
    except InvalidHandshake as error:
        raise CannotConnect(f"{url}: there is no WebSocket server ({error})") from error
    except ssl.SSLCertVerificationError as error:
        raise CannotConnect(f"{url}: the certificate is not trusted ({error.verify_message})") from error
    except ConnectionRefusedError as error:
        raise CannotConnect(f"{url}: nobody answers (connection refused)") from error
    except OSError as error:  # includes TimeoutError
        raise CannotConnect(f"{url}: nobody answers ({error.strerror or error})") from error


def is_transient(error: ClientError) -> bool:
    """Whether another attempt to connect may succeed where this one failed."""
    match error:
        case HandshakeRefused(status=status):
            return status in TRANSIENT_STATUSES
        case CannotConnect():
            return not isinstance(error.__cause__, ssl.SSLCertVerificationError)
        case BadToken():
            return error.__cause__ is not None
    return False


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port checks it
    except ValueError as error:
        raise BadAddress(f"{url!r} is not a WebSocket URL: {error}") from None
    if parts.scheme not in {"ws", "wss"} or not host:
        raise BadAddress(f"{url!r} is not a WebSocket URL; it starts with wss:// (or ws:// on this machine)")
    return host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
