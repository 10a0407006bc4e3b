"""One open connection of the client: what is sent over it, what it is asked, and how it is kept."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from thinkaloud.client.connection import fetch
from thinkaloud.client.errors import ClientError, ConnectionLost, NoReply, Refused
from thinkaloud.client.expiry import expiry
from thinkaloud.client.ids import new_id
from thinkaloud.client.received import Received
from thinkaloud.protocol.requests import Auth, Ping, Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from thinkaloud.client.connection import Limits, Socket, TokenSource


class Link:
    """A WebSocket, the client's `number`th from 1, opened with `bearer`. `rotating` once its successor is due."""

    def __init__(self, socket: Socket, number: int, bearer: str, limits: Limits, locale: str | None) -> None:
        self.number = number
        self.rotating = False
        self._socket = socket
        self._bearer = bearer
        self._limits = limits
        self._locale = locale
        self._replies: dict[str, asyncio.Future[Received | ClientError]] = {}

    async def send(self, body: str) -> None:
        """Send one text frame.

        Raises:
            ConnectionLost: it is closed.
        """
        try:
            await self._socket.send(body)
        except ConnectionClosed:
            raise self.lost() from None

    async def bodies(self) -> AsyncIterator[str | bytes]:
        """What comes, until the connection ends in whatever way."""
        try:
            async for body in self._socket:
                yield body
        except ConnectionClosed:
            pass  # its code is on the socket, as for an orderly end

    async def close(self) -> None:
        """Close it; a peer that does not answer that is left after `limits.close`."""
        await self._socket.close()

    def lost(self) -> ConnectionLost:
        """That it has closed, and how."""
        reason = self._socket.close_reason or "no reason given"
        return ConnectionLost(f"the connection closed ({self._socket.close_code}, {reason})", self.number)

    def settle(self, arrival: Received | ClientError) -> None:
        """Give a reply to who asked; what became of the connection, to all who still wait."""
        for re, reply in self._replies.items():
            concerned = not isinstance(arrival, Received) or arrival.re == re
            if concerned and not reply.done():
                reply.set_result(arrival)

    async def ping(self) -> float:
        """Seconds from an application ping to its reply, which near the connection's end is `rotate`.

        Raises:
            NoReply, ConnectionLost, GatewayError, Refused.
        """
        began = time.perf_counter()
        await self.request(Ping(id=new_id("p")), self._limits.reply)
        return time.perf_counter() - began

    async def keep_awake(self) -> None:
        """Ping for as long as the connection stands: before the gateway takes it for idle, and to be told to rotate.

        Raises:
            ClientError: it does not answer any more.
        """
        while True:
            await asyncio.sleep(self._limits.ping)
            await self.ping()

    async def keep_authenticated(self, token: TokenSource) -> None:
        """Hand in a fresh token each time before the one at hand runs out, for as long as there are fresh ones.

        Raises:
            ClientError: there is none, or it was refused. The server will say so when it matters, and then a new
                connection is opened with a new token.
        """
        while (runs_out := expiry(self._bearer)) is not None:
            left = runs_out - time.time()
            if left <= 0:
                return
            # A token that lives shorter than the margin is renewed half-way, and never in a tight loop.
            await asyncio.sleep(max(left - self._limits.renew, left / 2))
            bearer = await fetch(token)
            if (expiry(bearer) or 0) <= runs_out:
                return
            await self.request(Auth(id=new_id("u"), token=bearer, locale=self._locale), self._limits.reply)
            self._bearer = bearer

    async def request(self, frame: Ping | Auth | Stop, seconds: float) -> Received:
        """Send a frame, which has an `id`, and wait for its reply.

        Raises:
            NoReply, ConnectionLost, GatewayError, Refused.
        """
        pending: asyncio.Future[Received | ClientError] = asyncio.get_running_loop().create_future()
        self._replies[str(frame.id)] = pending
        try:
            await self.send(frame.model_dump_json(exclude_none=True))
            async with asyncio.timeout(seconds):
                answer = await pending
        except TimeoutError:
            raise NoReply(f"no reply to {frame.action} within {seconds:g} s") from None
        finally:
            del self._replies[str(frame.id)]
        if isinstance(answer, ClientError):
            raise answer
        if answer.type == "error":
            code, message = str(answer.fields.get("code")), str(answer.fields.get("message"))
            raise Refused(frame.action, code, message, answer.fields.get("retryable") is True)
        return answer
