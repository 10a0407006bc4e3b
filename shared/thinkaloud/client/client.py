"""The client: one connection, any number of answers over it, opened again when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Self

from thinkaloud.client.answer import Answer
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.connection import Dial, Limits, TokenSource, fetch, is_transient, open_socket
from thinkaloud.client.errors import ClientError, ConnectionLost, GatewayError, NoReply
from thinkaloud.client.fragments import Joiner
from thinkaloud.client.ids import new_id
from thinkaloud.client.link import Link
from thinkaloud.client.received import Received, read
from thinkaloud.protocol.frames import Fragment
from thinkaloud.protocol.requests import Ask, Resume, Stop, UserMessage

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from typing import Any

    from pydantic import JsonValue

DEFAULT_BACKOFF = Backoff()
DEFAULT_LIMITS = Limits()


class Client:
    """A client of one endpoint.

        async with Client("wss://...", token) as client:
            answer = client.ask("How long does a refund take?", session="s-4711aaaa")
            async for received in answer:
                ...
            print(answer.message.text)

    `token` is a string or an async function that is called for every attempt to connect, and again before the token it
    gave runs out. Entering connects, so that a refused token shows at once; a connection that breaks later is opened
    again by the answers that go on over it, or by the next question. When the server says `rotate`, the next connection
    is opened and the live answers move there before the old one is closed. `locale` is the language of labels, errors
    and notices, where a question does not have its own.

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
        locale: str | None = None,
        dial: Dial = open_socket,
    ) -> None:
        self.url = url
        self.backoff = backoff
        self.limits = limits
        self.draw = secrets.SystemRandom().random
        self._locale = locale
        self._dial = dial
        self._token = _constant(token) if isinstance(token, str) else token
        self._connecting = asyncio.Lock()
        self._link: Link | None = None
        self._connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: list[Answer] = []
        self._joiner = Joiner()
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
            locale=locale or self._locale,
            metadata=dict(metadata or {}),
        )
        return Answer(self, ask)

    def follow(self, session: str, turn: str | None = None) -> Answer:
        """Prepare to listen to an answer that was asked elsewhere, from its beginning; by default the session's last.

        Iterating raises TurnLost where the server knows no such turn, or it belongs to another user.

        Raises:
            pydantic.ValidationError: an id is not of the protocol's form.
        """
        return Answer(self, Resume(session=session, turn=turn))

    async def stop(self, session: str, turn: str) -> str:
        """Ask the server to end `turn`, whoever asked it; sent again where nothing is heard of it.

        Returns:
            Where the turn stands: "stopping", "already_ended", or "unknown_turn", which the server will stop should it
            still be asked.

        Raises:
            Refused: not to this user.
            NoReply, ConnectionLost, GatewayError, CannotConnect: nothing was heard within `limits.stop`.
        """
        frame = Stop(id=new_id("x"), session=session, turn=turn, locale=self._locale)
        trouble: ClientError = NoReply(f"no reply to stop within {self.limits.stop:g} s")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.stop):
                for pause in self.backoff.endless(self.draw):
                    try:
                        link = await self._connected()
                        told = await link.request(frame, self.limits.resumed)
                        return str(told.fields.get("code"))
                    except ClientError as error:
                        if not error.passing or self._closed:
                            raise
                        trouble = error
                    await asyncio.sleep(pause)
        raise trouble

    async def ping(self) -> float:
        """Seconds from an application ping to its pong.

        Raises:
            NoReply, ConnectionLost, GatewayError, CannotConnect, Refused.
        """
        link = await self._connected()
        return await link.ping()

    async def close(self) -> None:
        """Close the connection; who still waits for an answer gets ConnectionLost."""
        self._closed = True
        for answer in list(self._answers):
            answer.end(self._over())
        if self._link is not None:
            await self._link.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def send(self, body: str) -> int:
        """Send one text frame, over a new connection where the old one is gone; gives the connection's number.

        Raises:
            CannotConnect, BadToken, BadAddress: there is no new one. ConnectionLost: the client is closed.
        """
        while True:
            link = await self._connected()
            try:
                await link.send(body)
            except ConnectionLost as lost:  # this very moment
                self._drop(link, lost)
            else:
                return link.number

    async def renew(self, number: int) -> None:
        """Give up connection `number`, dead or of an old token; the answers that go over it come back on the next."""
        link = self._link
        if link is not None and link.number == number:
            self._drop(link, ConnectionLost("the connection fell silent", number))
            self._start(link.close(), "close")  # a dead peer makes it wait

    def register(self, answer: Answer) -> None:
        """Deliver the frames of this answer's turn to it from now on."""
        self._answers.append(answer)

    def forget(self, answer: Answer) -> None:
        """Deliver nothing more to it; what still comes is dropped."""
        self._answers.remove(answer)

    # ---- connections -------------------------------------------------------------------------------------------------

    async def _connected(self) -> Link:
        async with self._connecting:
            if self._link is None:
                self._link = await self._open()
            return self._link

    async def _open(self) -> Link:
        delays = self.backoff.delays(self.draw)
        while True:
            if self._closed:
                raise self._over()
            try:
                bearer = await fetch(self._token)
                socket = await self._dial(self.url, bearer, self.limits)
            except ClientError as error:
                delay = next(delays, None) if is_transient(error) else None
                if delay is None:
                    raise
                await asyncio.sleep(delay)
            else:
                self._connections += 1
                link = Link(socket, self._connections, bearer, self.limits, self._locale)
                self._start(self._read(link), "read")
                return link

    async def _read(self, link: Link) -> None:
        keeping = [asyncio.create_task(self._keep_awake(link)), asyncio.create_task(self._keep_authenticated(link))]
        try:
            async for body in link.bodies():
                self._receive(link, body)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.wait(keeping)
            self._drop(link, link.lost())

    async def _keep_awake(self, link: Link) -> None:
        try:
            await link.keep_awake()
        except ClientError:
            await self.renew(link.number)

    async def _keep_authenticated(self, link: Link) -> None:
        with contextlib.suppress(ClientError):
            await link.keep_authenticated(self._token)

    def _drop(self, link: Link, lost: ConnectionLost) -> None:
        if self._link is link:
            self._link = None
        for answer in self._answers:
            answer.deliver(lost)
        link.settle(lost)

    async def _rotate(self, old: Link) -> None:
        """Move to the next connection. Without one the old one serves to its end, and then everybody comes back."""
        try:
            link = await self._open()
        except ClientError:
            return
        if self._link is not old:  # it ended meanwhile, and somebody has opened another
            await link.close()
            return
        self._link = link
        moves = [answer.move() for answer in self._answers]
        if moves:
            await asyncio.wait(moves, timeout=self.limits.reply)
        await old.close()

    # ---- what comes --------------------------------------------------------------------------------------------------

    def _receive(self, link: Link, body: str | bytes) -> None:
        arrival = read(body)
        if isinstance(arrival, Received) and isinstance(arrival.frame, Fragment):
            whole = self._joiner.add(arrival.frame)
            arrival = None if whole is None else read(whole)
        if isinstance(arrival, GatewayError):
            # It names no frame of ours, so it goes to everyone who still waits for a first reply.
            for answer in self._answers:
                answer.deliver(arrival)
            link.settle(arrival)
        elif arrival is not None:
            link.settle(arrival)
            for answer in self._answers:
                if answer.concerns(arrival):
                    answer.deliver(arrival)
            if arrival.type == "rotate" and link is self._link and not link.rotating:
                link.rotating = True
                self._start(self._rotate(link), "rotate")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"thinkaloud.client {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _over(self) -> ConnectionLost:
        return ConnectionLost("the client is closed", self._connections)


def _constant(token: str) -> TokenSource:
    async def give() -> str:
        return token

    return give
