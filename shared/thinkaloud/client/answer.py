"""One question on its way: send it, yield what comes back in order, fold it into the message."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from thinkaloud.client.errors import ClientError, ConnectionLost, FramesMissing, GatewayError, NoReply
from thinkaloud.client.fold import Fold
from thinkaloud.client.order import FrameOrder
from thinkaloud.client.received import Received

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from thinkaloud.client.client import Client
    from thinkaloud.client.messages import Message
    from thinkaloud.protocol.frames import Ask


class Answer:
    """The answer to one `ask`: an asynchronous iterator of frames that ends after `complete` or `error`.

    Nothing is sent before the first step of the iteration. Should the socket break before the question is accepted, it
    is asked again on a new one under the same turn id, which the server never runs twice.

    Raises while iterating:
        CannotConnect, BadToken: no (new) connection.
        ConnectionLost: the socket broke after the question was accepted.
        NoReply: no `accepted` within `limits.reply`, or nothing at all for `limits.silence`.
        FramesMissing: a hole in the numbers stayed for `limits.hole`.
        GatewayError: the function behind the gateway failed before it accepted.
    """

    def __init__(self, client: Client, ask: Ask) -> None:
        self.ask = ask
        self._client = client
        self._arrivals: asyncio.Queue[Received | ClientError] = asyncio.Queue()
        self._order = FrameOrder()
        self._fold = Fold(ask.session, ask.turn)
        self._delays = client.backoff.delays(client.draw)
        self._connection = 0
        self._accepted = False
        self._hole_until: float | None = None
        self._frames = self._run()

    @property
    def session(self) -> str:
        """The conversation."""
        return self.ask.session

    @property
    def turn(self) -> str:
        """The turn, which is the message's id."""
        return self.ask.turn

    @property
    def message(self) -> Message:
        """The answer as far as it has come."""
        return self._fold.message

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> Received:
        return await anext(self._frames)

    async def stop(self) -> None:
        """Ask the server to end this turn; its `complete` then says `stopped`."""
        await self._client.stop(self.session, self.turn)

    async def aclose(self) -> None:
        """Stop listening. The turn itself goes on at the server."""
        await self._frames.aclose()

    def deliver(self, arrival: Received | ClientError) -> None:
        """Hand over a frame of this turn, or what became of the connection. For the client."""
        self._arrivals.put_nowait(arrival)

    async def _run(self) -> AsyncGenerator[Received, None]:
        self._client.register(self)
        try:
            await self._send()
            while True:
                for received in await self._ready():
                    self._fold.add(received)
                    yield received
                    if received.final:
                        return
        finally:
            self._client.forget(self)

    async def _send(self) -> None:
        body = json.dumps(self.ask.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
        self._connection = await self._client.send(body)

    async def _ready(self) -> list[Received]:
        """The frames that the next arrival makes ready to be shown; often none."""
        try:
            arrival = await self._next()
        except FramesMissing as hole:
            if hole.last > 0:
                raise
            return self._order.skip_accepted()
        match arrival:
            case ConnectionLost(connection=number) if number != self._connection:
                return []  # it broke before the question went out over its successor
            case ConnectionLost() if not self._accepted:
                await self._ask_again(arrival)
                return []
            case GatewayError() if self._accepted:
                return []  # it is about another frame
            case ClientError():
                raise arrival
        if arrival.re not in {None, self.ask.id}:
            return []  # it answers a `stop`
        self._accepted = True
        return self._order.push(arrival)

    async def _ask_again(self, lost: ConnectionLost) -> None:
        delay = next(self._delays, None)
        if delay is None:
            raise lost
        await asyncio.sleep(delay)
        await self._send()

    async def _next(self) -> Received | ClientError:
        limits = self._client.limits
        hole = self._order.missing
        now = asyncio.get_running_loop().time()
        if hole is None:
            limit = limits.silence if self._accepted else limits.reply
            until, self._hole_until = now + limit, None
        else:  # counted from when it showed: the frames that go on arriving behind it must not hide it
            until = self._hole_until = self._hole_until or now + limits.hole
        try:
            async with asyncio.timeout_at(until):
                return await self._arrivals.get()
        except TimeoutError:
            if hole is not None:
                raise FramesMissing(*hole) from None
            what = "the answer fell silent" if self._accepted else "the question was not accepted"
            raise NoReply(f"{what}: nothing came for {limit:g} s") from None
