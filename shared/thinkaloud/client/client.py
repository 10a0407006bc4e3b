"""The client: one connection, any number of questions over it, opened again when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Self

from websockets.exceptions import ConnectionClosed

from thinkaloud.client.answer import Answer
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.connection import Limits, TokenSource, is_transient, open_socket
from thinkaloud.client.errors import CannotConnect, ClientError, ConnectionLost, GatewayError, NoReply
from thinkaloud.client.received import Received, read
from thinkaloud.protocol.frames import Ask, Ping, Stop, UserMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue
    from websockets.asyncio.client import ClientConnection

DEFAULT_BACKOFF = Backoff()
DEFAULT_LIMITS = Limits()


def new_id(kind: str) -> str:
    """A fresh identifier of the protocol's form, e.g. `s-5f0c...`; `kind` only helps who reads logs."""
    return f"{kind}-{secrets.token_hex(8)}"


class Client:
    """A client of one endpoint.

        async with Client("wss://...", token) as client:
            answer = client.ask("How long does a refund take?", session="s-4711aaaa")
            async for received in answer:
                ...
            print(answer.message.text)

    `token` is a string or an async function that is called for every attempt to connect. Entering connects, so that a
    refused token shows at once; a connection that breaks later is opened again when the next question needs it.

    Raises on entering:
        BadAddress, BadToken, HandshakeRefused, CannotConnect.
    """

    def __init__(
        self,
        url: str,
        token: str | TokenSource,
        *,
        backoff: Backoff = DEFAULT_BACKOFF,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.url = url
        self.backoff = backoff
        self.limits = limits
        self.draw = secrets.SystemRandom().random
        self._token = _constant(token) if isinstance(token, str) else token
        self._connecting = asyncio.Lock()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[str, Answer] = {}
        self._pings: dict[str, asyncio.Future[ClientError | None]] = {}
        self._connections = 0
        self._closed = False

    async def __aenter__(self) -> Self:
        await self._connected()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def ask(
        self,
        text: str,
        *,
        session: str,
        turn: str | None = None,
        locale: str | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
    ) -> Answer:
        """Prepare a question; iterate over the result to send it and to receive the frames of its answer.

        Raises:
            pydantic.ValidationError: the text is empty or too long, or an id is not of the protocol's form.
        """
        ask = Ask(
            id=new_id("a"),
            session=session,
            turn=turn or new_id("t"),
            message=UserMessage(id=new_id("m"), text=text),
            locale=locale,
            metadata=dict(metadata or {}),
        )
        return Answer(self, ask)

    async def stop(self, session: str, turn: str) -> None:
        """Ask the server to end `turn`, whoever asked it."""
        await self.send(Stop(id=new_id("x"), session=session, turn=turn).model_dump_json())

    async def ping(self) -> float:
        """Seconds from an application ping to its pong.

        Raises:
            NoReply, ConnectionLost, GatewayError, CannotConnect; ClientError where the server answers with an error.
        """
        ping = Ping(id=new_id("p"))
        socket = await self._connected()
        pong = self._pings[str(ping.id)] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        try:
            with contextlib.suppress(ConnectionClosed):  # the reader says so too, and why
                await socket.send(ping.model_dump_json())
            async with asyncio.timeout(self.limits.reply):
                failure = await pong
        except TimeoutError:
            raise NoReply(f"no pong within {self.limits.reply:g} s") from None
        finally:
            del self._pings[str(ping.id)]
        if failure is not None:
            raise failure
        return time.perf_counter() - began

    async def close(self) -> None:
        """Close the connection; who still waits for an answer gets ConnectionLost."""
        self._closed = True
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.wait([self._reader])

    async def send(self, body: str) -> int:
        """Send one text frame, over a new connection where the old one is gone; gives the connection's number."""
        while True:
            socket = await self._connected()
            number = self._connections
            try:
                await socket.send(body)
            except ConnectionClosed:  # this very moment; open another once the reader has seen it
                if self._reader is not None:
                    await asyncio.wait([self._reader])
            else:
                return number

    def register(self, answer: Answer) -> None:
        """Deliver the frames of this answer's turn to it from now on."""
        self._answers[answer.turn] = answer

    def forget(self, answer: Answer) -> None:
        """Deliver nothing more to it; what still comes is dropped."""
        if self._answers.get(answer.turn) is answer:
            del self._answers[answer.turn]

    async def _connected(self) -> ClientConnection:
        async with self._connecting:
            if self._closed:
                raise ConnectionLost("the client is closed", self._connections)
            if self._socket is None:
                self._socket = await self._open()
                self._connections += 1
                self._reader = asyncio.create_task(self._read(self._socket), name="thinkaloud.client reader")
            return self._socket

    async def _open(self) -> ClientConnection:
        delays = self.backoff.delays(self.draw)
        while True:
            try:
                return await open_socket(self.url, self._token, self.limits)
            except CannotConnect as error:
                delay = next(delays, None) if is_transient(error) else None
                if delay is None:
                    raise
                await asyncio.sleep(delay)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for body in socket:
                self._deliver(read(body))
        except ConnectionClosed:
            pass  # its code is on the socket, as for an orderly end
        finally:
            self._socket = None
            reason = socket.close_reason or "no reason given"
            lost = ConnectionLost(f"the connection closed ({socket.close_code}, {reason})", self._connections)
            for answer in self._answers.values():
                answer.deliver(lost)
            self._settle_pings(lost)

    def _deliver(self, arrival: Received | GatewayError | None) -> None:
        if isinstance(arrival, GatewayError):
            # It names no frame of ours, so it goes to everyone who still waits for a first reply.
            for waiting in self._answers.values():
                waiting.deliver(arrival)
            self._settle_pings(arrival)
        elif arrival is not None:
            pong = self._pings.get(arrival.re or "")
            if pong is not None and not pong.done():
                refused = f"the ping was refused: {arrival.fields.get('message')}"
                pong.set_result(None if arrival.type == "pong" else ClientError(refused))
            answer = self._answers.get(arrival.turn or "") or self._asked_as(arrival.re)
            if answer is not None:
                answer.deliver(arrival)

    def _asked_as(self, frame: str | None) -> Answer | None:
        return next((answer for answer in self._answers.values() if answer.ask.id == frame), None)

    def _settle_pings(self, error: ClientError) -> None:
        for pong in self._pings.values():
            if not pong.done():
                pong.set_result(error)


def _constant(token: str) -> TokenSource:
    async def give() -> str:
        return token

    return give
