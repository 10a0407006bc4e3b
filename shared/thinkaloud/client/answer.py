"""One answer on its way: ask or join, come back where the way breaks, yield the frames in order, fold the message."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thinkaloud.client.connection import is_transient
from thinkaloud.client.errors import ClientError, ConnectionLost, FramesMissing, GatewayError, NoReply, TurnLost
from thinkaloud.client.expectation import Expectation
from thinkaloud.client.fold import Fold
from thinkaloud.client.ids import new_id
from thinkaloud.client.order import FrameOrder
from thinkaloud.client.received import Received
from thinkaloud.protocol.frames import Accepted, Resumed
from thinkaloud.protocol.requests import Ask, Resume

if TYPE_CHECKING:
    from typing import Literal

    from thinkaloud.client.client import Client
    from thinkaloud.client.messages import Message


@dataclass(frozen=True, slots=True)
class _Move:
    """There is another connection to go on over; `done` once the server has answered there."""

    done: asyncio.Future[None]


class Answer:
    """The answer to one question: an asynchronous iterator of frames that ends after `complete` or `error`.

    Nothing is sent before the first step of the iteration. From then on it keeps itself going, however slow the
    iteration is. Should the socket break before the question is accepted, it is asked again under the same turn id,
    which the server never runs twice. After that, a broken socket, a hole in the numbers and a silence all lead to
    `resume {after: cursor}`: over the same connection where that stands, otherwise over a new one. What was seen is
    never shown again; `reset` drops from the message what is said anew.

    Raises while iterating, each once `limits.patience` passed without a new frame:
        CannotConnect, BadToken: no new connection (for the first one: at once, after the backoff's attempts).
        ConnectionLost: every connection broke, or the client was closed.
        NoReply: the question was not accepted, or the answer fell silent.
        FramesMissing: a hole in the numbers that no replay filled.
    And at once:
        HandshakeRefused: the token is not taken (any more).
        TurnLost: the server does not know the turn, or refuses it to this user.
        GatewayError: the gateway knows no function for the question, or it failed at every attempt of the backoff.
    """

    def __init__(self, client: Client, opening: Ask | Resume) -> None:
        self.session = opening.session
        self.turn = opening.turn
        self._client = client
        self._ask = opening if isinstance(opening, Ask) else None
        self._resume_id = new_id("r")
        self._requests = frozenset(filter(None, (self._resume_id, self._ask and self._ask.id)))
        self._fold = Fold(opening.session, opening.turn or "")
        self._order = FrameOrder(awaits_accepted=self._ask is not None)
        self._arrivals: asyncio.Queue[Received | ClientError | _Move] = asyncio.Queue()
        self._shown: asyncio.Queue[Received | BaseException | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._over = False
        # Where it stands with the server.
        self._connection = 0
        self._accepted = self._ask is None
        self._asked = 0
        self._reauthenticated = False
        self._moves: list[asyncio.Future[None]] = []
        self._expects = Expectation(client.limits, self._order)
        self._patient_until: float | None = None
        self._pauses = client.backoff.endless(client.draw)

    @property
    def message(self) -> Message:
        """The answer as far as it was iterated over."""
        return self._fold.message

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> Received:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"thinkaloud.client answer {self.turn}")
            self._task.add_done_callback(self._ended)
            self._client.register(self)
        shown = await self._shown.get()
        if isinstance(shown, Received):
            self._fold.add(shown)
            return shown
        self._shown.put_nowait(None)
        if shown is None:
            raise StopAsyncIteration
        raise shown

    async def stop(self) -> None:
        """Ask the server to end this turn; its `complete` then says `stopped`. Returns once that is heard or over.

        Raises:
            ClientError: it is not known yet which turn this is, or as `Client.stop`.
        """
        if self.turn is None:
            raise ClientError("nothing to stop: the server has not said yet which turn this is")
        stopping = asyncio.ensure_future(self._client.stop(self.session, self.turn))
        try:
            done, _ = await asyncio.wait({self._task or stopping, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping not in done:
                return  # the answer has ended
            standing = stopping.result()
        finally:
            stopping.cancel()
        if standing != "stopping" and self._accepted and self._expects.due is None:
            # It ended, or was lost, without a word that came here: ask for its end and not for its silence.
            self._arrivals.put_nowait(ClientError("the server runs this turn no more"))

    async def aclose(self) -> None:
        """Stop listening. The turn itself goes on at the server."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    # ---- for the client ----------------------------------------------------------------------------------------------

    def concerns(self, received: Received) -> bool:
        """Whether a frame is about this turn."""
        if received.turn is not None and received.turn == self.turn:
            return True
        return received.re in self._requests

    def deliver(self, arrival: Received | ClientError) -> None:
        """Hand over a frame of this turn, or what became of a connection."""
        if self.turn is None and isinstance(arrival, Received) and arrival.type == "resumed":
            self.turn, self._fold.message.id = arrival.turn, arrival.turn or ""  # the frames behind it are known by it
        self._arrivals.put_nowait(arrival)

    def move(self) -> asyncio.Future[None]:
        """Go on over the client's present connection; done when the server has answered there."""
        done = asyncio.get_running_loop().create_future()
        self._arrivals.put_nowait(_Move(done))
        self._moves.append(done)
        return done

    def end(self, error: ClientError) -> None:
        """Give up, for this reason."""
        self._shown.put_nowait(error)
        if self._task is not None:
            self._task.cancel()

    # ---- its own task ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        await self._send()
        while not self._over:
            match arrival := await self._next():
                case _Move():
                    await self._reach()
                case Received():
                    await self._take(arrival)
                case ClientError():
                    await self._mend(arrival)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._client.forget(self)
        self._settle_moves()
        self._shown.put_nowait(None if task.cancelled() else task.exception())

    async def _send(self) -> None:
        """Ask, or once the server has the question, say from where to go on."""
        if self._accepted or self._ask is None:
            frame: Ask | Resume = Resume(
                id=self._resume_id, session=self.session, turn=self.turn, after=self._order.cursor
            )
            self._expects.resumed()
        else:
            frame = self._ask
            self._asked += 1
            self._expects.asked()
        body = json.dumps(frame.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
        self._connection = await self._client.send(body)

    async def _reach(self, why: ClientError | None = None) -> None:
        """Send again, over whatever connection there is. Pauses first where something is the matter.

        Raises:
            ClientError: `why`, or what came of trying, once patience has run out.
        """
        while True:
            if why is not None:
                self._patient_until = self._patient_until or _now() + self._client.limits.patience
                if _now() >= self._patient_until:
                    raise why
                await asyncio.sleep(next(self._pauses))
            try:
                return await self._send()
            except ClientError as error:
                if not is_transient(error):
                    raise
                why = error

    async def _next(self) -> Received | ClientError | _Move:
        """What arrives next, or what is the matter when nothing does."""
        until, trouble = self._expects.next()
        try:
            async with asyncio.timeout_at(until):
                return await self._arrivals.get()
        except TimeoutError:
            return trouble

    async def _mend(self, trouble: ClientError) -> None:
        """Do what helps against it, or raise it."""
        match trouble:
            case ConnectionLost(connection=number) if number != self._connection:
                return  # what was due went out over its successor
            case GatewayError() if self._expects.due is None:
                return  # it is about another frame
            case GatewayError() if not self._accepted:
                if not trouble.passing or self._asked >= self._client.backoff.attempts:
                    raise trouble
            case FramesMissing(first=0):
                self._accepted, self._expects.due = True, None  # or there would be no frames of the turn
                self._show(self._order.skip_accepted())
                return
            case NoReply() if self._expects.due is not None:
                self._expects.unheard += 1
                await self._client.renew(self._connection)
        await self._reach(trouble)

    async def _take(self, received: Received) -> None:
        self._expects.heard()
        if received.re is not None and received.re not in self._requests:
            return  # it answers a `stop`, or another listener of the turn
        if received.type == "error" and received.seq is None:
            await self._refused(received)
            return
        again = False
        match received.frame:
            case Accepted(heartbeat=heartbeat):
                self._expects.heartbeat = heartbeat
                # Asked twice: the first may have been taken, and the answer be on its way to the old connection.
                again = not self._accepted and self._asked > 1
                self._accepted = True
                self._answered("accepted")
            case Resumed() as resumed:
                self._resumed(resumed)
        self._show(self._order.push(received))
        if not self._over and (again or (self._order.torn and self._expects.due is None)):
            cursor = self._order.cursor
            await self._reach(None if again else FramesMissing(cursor + 1, cursor + 1))

    def _resumed(self, resumed: Resumed) -> None:
        if resumed.state == "none":
            raise TurnLost(self.session, self.turn)
        if resumed.state in {"pending", "waiting"}:
            self._patient_until = None  # nobody's fault that nothing comes
        self._expects.unheard = 0
        self._answered("resumed")
        self._order.replay()
        self._show(self._order.skip_accepted())

    async def _refused(self, error: Received) -> None:
        """An `error` that answers a request, not one of the turn's own."""
        code, message = str(error.fields.get("code")), str(error.fields.get("message"))
        if code == "unauthorized" and not self._reauthenticated:
            # The connection outlived its token; the next one is opened with a fresh one.
            self._reauthenticated = True
            await self._client.renew(self._connection)
            await self._reach(ClientError(message))
        elif error.re == self._resume_id:
            if error.fields.get("retryable") is not True:
                raise TurnLost(self.session, self.turn, code, message)
            await self._reach(ClientError(message))
        elif not self._accepted or error.re is None:
            self._show([error])

    def _show(self, ready: list[Received]) -> None:
        for received in ready:
            self._shown.put_nowait(received)
            if received.seq is not None or (received.type == "heartbeat" and self._order.missing is None):
                self._patient_until = None
                self._pauses = self._client.backoff.endless(self._client.draw)
            self._over |= received.final

    def _answered(self, reply: Literal["accepted", "resumed"]) -> None:
        if self._expects.due == reply:
            self._expects.due = None
        self._settle_moves()

    def _settle_moves(self) -> None:
        for move in self._moves:
            if not move.done():
                move.set_result(None)
        self._moves.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
