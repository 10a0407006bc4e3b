"""Requests to the HTTP API and to the bucket: attempts, their pauses, and the token."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import aiohttp

from thinkaloud.client.connection import TokenSource, fetch
from thinkaloud.client.errors import BadAddress, CannotConnect, RequestRefused
from thinkaloud.client.expiry import expiry

if TYPE_CHECKING:
    from thinkaloud.client.backoff import Backoff

#: Statuses that a later attempt may not meet again.
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
#: Seconds to connect, and seconds of silence: the gateway gives a function 29.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=35)
#: A token that runs out within so many seconds is not used any more.
MARGIN = 30.0
#: The longest pause, in seconds, that a server may ask for and get.
LONGEST_PAUSE = 30.0

#: What API Gateway means by a status of its own, whose body has a `message` and no `error`. A token that its authorizer
#: refuses is a 403.
GATEWAY_MEANINGS = {
    401: ("unauthorized", "the request has no token"),
    403: ("unauthorized", "the token is not accepted"),
    404: ("not_found", "there is nothing at this address"),
    413: ("too_large", "the request is too large"),
    429: ("throttled", "too many requests"),
    503: ("throttled", "the service is not available just now"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, after the last attempt. `pause` is what the server asks for before another, in seconds."""

    status: int
    body: bytes
    pause: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def refusal(self) -> RequestRefused:
        """What went wrong: in the API's words, or where API Gateway answered itself, what it means by the status."""
        try:
            error = json.loads(self.body)["error"]
            return RequestRefused(self.status, str(error["code"]), str(error["message"]))
        except (ValueError, KeyError, TypeError):
            code, message = GATEWAY_MEANINGS.get(self.status, ("internal", "something went wrong on the server"))
            return RequestRefused(self.status, code, message)


class Http:
    """A session with the API at `url`. Closed by `close()`."""

    def __init__(self, url: str, token: TokenSource, backoff: Backoff, language: str) -> None:
        self._url = _base(url)
        self._token = token
        self._backoff = backoff
        self._language = language
        self._bearer = ""
        self._fetching = asyncio.Lock()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        # A proxy of the environment is for the outside world; it cannot reach this machine's loopback.
        outside = urlsplit(self._url).scheme == "https"
        self._session = aiohttp.ClientSession(timeout=TIMEOUT, trust_env=outside)
        return self

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    async def request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> bytes:
        """The JSON that the API answers with.

        Raises:
            CannotConnect, RequestRefused, BadToken.
        """
        content = b"" if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"content-type": "application/json"}
        for fresh in (False, True):
            bearer = await self._authorisation(fresh=fresh)
            headers = {"authorization": f"Bearer {bearer}", "accept-language": self._language, **kind}
            reply = await self.send(method, self._url + path, headers, lambda: content, query)
            if reply.ok:
                return reply.body
            refusal = reply.refusal
            if refusal.code != "unauthorized":  # run out, or a clock is wrong: another token is worth one try
                break
        raise refusal

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Callable[[], bytes | AsyncIterator[bytes]],
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply to a request; `body()` is what each attempt sends.

        Raises:
            CannotConnect: every attempt failed before there was a reply.
        """
        delays = self._backoff.delays(random.random)
        while True:
            delay = next(delays, None)
            reply: Reply | None = None
            try:
                reply = await self._once(method, url, headers, body(), query)
            except (aiohttp.ClientError, OSError) as error:  # includes time-outs
                if delay is None or isinstance(error, aiohttp.ClientConnectorCertificateError):
                    raise CannotConnect(f"{_shown(url)}: nobody answers ({error or type(error).__name__})") from error
            if reply is not None and (delay is None or reply.status not in TRANSIENT_STATUSES):
                return reply
            await asyncio.sleep(max(delay or 0.0, reply.pause if reply else 0.0))

    async def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes],
        query: Mapping[str, str] | None,
    ) -> Reply:
        async with self._session.request(
            method, url, headers=headers, data=body or None, params=query, allow_redirects=False
        ) as response:
            return Reply(response.status, await response.read(), _pause(response.headers.get("Retry-After", "")))

    async def _authorisation(self, *, fresh: bool) -> str:
        async with self._fetching:
            runs_out = expiry(self._bearer)
            if not self._bearer or fresh or (runs_out is not None and runs_out < time.time() + MARGIN):
                self._bearer = await fetch(self._token)
            return self._bearer


def _base(url: str) -> str:
    """The address that paths are put behind.

    Raises:
        BadAddress: it is none, or would send the token in the open.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port checks it
    except ValueError as error:
        raise BadAddress(f"{url!r} is not an HTTP URL: {error}") from None
    if not host or parts.scheme not in ("http", "https"):
        raise BadAddress(f"{url!r} is not an HTTP URL; it starts with https:// (or http:// on this machine)")
    if parts.scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        raise BadAddress(f"{url!r} would send the token in the open; use https://")
    return url if url.endswith("/") else f"{url}/"


def _shown(url: str) -> str:
    """The address without its query, which may be signed."""
    return urlsplit(url)._replace(query="").geturl()


def _pause(retry_after: str) -> float:
    """Seconds of a `Retry-After`; dates are not worth the trouble."""
    return min(float(retry_after), LONGEST_PAUSE) if retry_after.isdecimal() else 0.0
