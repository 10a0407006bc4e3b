"""What becomes of one message of a client: read it, act on it, say what happened."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from thinkaloud.dialogue.authentication import Authentication
from thinkaloud.dialogue.job import Dispatcher, TurnJob
from thinkaloud.dialogue.labels import error_message
from thinkaloud.errors import FrameError, NotYours, SessionBusy, ThinkaloudError, client_code
from thinkaloud.gateway.events import Message
from thinkaloud.gateway.rotation import rotate_due
from thinkaloud.identity.principal import Principal
from thinkaloud.language import Language, language_of_locale, normalise
from thinkaloud.protocol import HEARTBEAT
from thinkaloud.protocol.decode import decode_client_frame, frame_id
from thinkaloud.protocol.frames import (
    Accepted,
    Error,
    Pong,
    Reply,
    Resumed,
    Rotate,
)
from thinkaloud.protocol.requests import AnyClientFrame, Ask, Auth, Ping, Resume, Stop
from thinkaloud.state.records import Question, Reader, Session, Turn, TurnKey
from thinkaloud.state.stores import ControlStore, ConversationStore
from thinkaloud.telemetry import logger

#: What happens to a question while the session answers another one: it is refused, waits, or takes its place.
BusyPolicy = Literal["reject", "queue", "interrupt"]
#: Times an ask tries to find its place among others that come and go at the same moment.
_TRIES = 10
#: Seconds after which a turn that has its place in the session must be stored: longer than this function may run.
_ADMISSION = 30.0


@dataclass(frozen=True)
class _Place:
    """Where a question stands: `waits` behind another one, or is its session's turn; `again` if it has been that."""

    waits: bool
    again: bool


class Reception:
    """Answers client frames. Everything a client can do wrong ends in an `error` frame; the socket stays open."""

    def __init__(
        self,
        conversations: ConversationStore,
        control: ControlStore,
        dispatcher: Dispatcher,
        authentication: Authentication,
        *,
        busy: BusyPolicy = "reject",
        heartbeat: float = HEARTBEAT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._conversations = conversations
        self._control = control
        self._dispatcher = dispatcher
        self._authentication = authentication
        self._busy = busy
        self._heartbeat = heartbeat
        self._clock = clock

    def receive(self, message: Message) -> Reply | None:
        """The reply to one message; None where a worker answers it: `stop` by the turn's end, `resume` by `resumed`."""
        try:
            frame = decode_client_frame(message.body)
        except FrameError as error:
            # Its text is written for the client: it names the field or the limit.
            code, retryable = client_code(error)
            return Error(re=frame_id(message.body), code=code, message=str(error), retryable=retryable)
        try:
            return self._act(frame, message)
        except ThinkaloudError as error:
            code, retryable = client_code(error)
            logger().warning("refused", extra={"code": code, "detail": str(error), "action": frame.action})
            return Error(re=frame.id, code=code, message=error_message(code, _language(frame)), retryable=retryable)

    def _act(self, frame: AnyClientFrame, message: Message) -> Reply | None:
        if isinstance(frame, Auth):
            return self._authentication.extend(message, frame.token, re=frame.id)
        self._authentication.check(message)
        match frame:
            case Ask():
                return self._ask(frame, message)
            case Stop():
                self._stop(frame, message)
                return None
            case Resume():
                return self._resume(frame, message)
            case Ping():
                return self._ping(frame, message)

    # ---- ask ---------------------------------------------------------------------------------------------------------

    def _ask(self, frame: Ask, message: Message) -> Accepted:
        """Admit, claim under the client's turn id, dispatch.

        The session first, so that a busy one leaves nothing behind; then the turn, by a conditional write; then the
        worker. Each step may be repeated: a client that heard nothing asks again with the same id, and a pending turn
        is dispatched again, since its worker claims it before it runs.
        """
        key = TurnKey(message.principal.tenant, frame.session, frame.turn)
        question = _question(frame, key, message.principal, self._clock())
        place = self._find_place(key, question.user)
        try:
            stored = None if self._conversations.create(question, message.connection) else self._conversations.get(key)
            if stored is not None:
                question = stored.question
            if stored is not None and stored.ended:
                self._conversations.release(key)
            elif stored is None or stored.state == "pending":
                # One that was to wait may have been called before it was stored, when no worker could find it yet.
                if not place.waits or not self._waits(key):
                    self._dispatcher.dispatch(TurnJob(key))
            elif stored.abandoned(self._clock()):
                self._dispatcher.dispatch(TurnJob(key))
        except ThinkaloudError:
            # A turn that had the session before may be running: its worker frees it.
            if not place.again:
                self._conversations.release(key)
            raise
        logger().info("accepted", extra={"trace": question.trace, "again": stored is not None, **vars(key)})
        return Accepted(
            re=frame.id, session=key.session, turn=key.turn, trace=question.trace, heartbeat=self._heartbeat
        )

    def _find_place(self, key: TurnKey, user: str) -> _Place:
        """Make the turn its session's, or put it behind the one that is, as the policy says.

        Raises:
            SessionBusy: another turn is active and the policy refuses, or too many wait.
        """
        instead_of = None
        for _ in range(_TRIES):
            now = self._clock()
            try:
                again = self._conversations.activate(key, user, now, instead_of)
                return _Place(waits=False, again=again)
            except SessionBusy as busy:
                active = replace(key, turn=busy.turn)
            own = self._conversations.get(key)
            if own is not None and own.state != "pending":
                return _Place(waits=True, again=True)  # it has had its turn, and whoever asks again did not hear of it
            current = self._conversations.get(active)
            if self._nobody_runs(active, current, now):
                if current is not None and not current.ended:
                    self._dispatcher.dispatch(TurnJob(active, last_try=True))
                instead_of = active.turn
                continue
            if self._busy == "reject":
                raise SessionBusy(active.turn)
            if self._conversations.enqueue(key, behind=active.turn):
                if self._busy == "interrupt":
                    self._supersede_those_before(key, now)
                return _Place(waits=True, again=True)
        raise SessionBusy(key.turn)

    def _nobody_runs(self, active: TurnKey, stored: Turn | None, now: float) -> bool:
        """Whether a session's active turn is over: ended, abandoned, or never stored by whoever made it that."""
        if stored is not None:
            return stored.ended or stored.abandoned(now)
        session = self._conversations.session(active.tenant, active.session)
        return session is not None and session.active == active.turn and session.since + _ADMISSION < now

    def _waits(self, key: TurnKey) -> bool:
        session = self._conversations.session(key.tenant, key.session)
        return session is not None and key.turn in session.queue

    def _supersede_those_before(self, key: TurnKey, now: float) -> None:
        """Let the active turn and all that wait before this one end.

        Called when it has its place in the queue: of any two that come at once, the later one then finds the earlier.
        """
        session = self._conversations.session(key.tenant, key.session)
        if session is not None and key.turn in session.queue:
            for turn in (session.active, *session.queue[: session.queue.index(key.turn)]):
                if turn is not None:
                    self._control.supersede(replace(key, turn=turn), now)

    # ---- stop, resume, ping ------------------------------------------------------------------------------------------

    def _stop(self, frame: Stop, message: Message) -> None:
        """Leave word for the worker. The turn may not have been asked yet."""
        key = TurnKey(message.principal.tenant, frame.session, frame.turn)
        session = self._owned(key, message.principal.user)
        self._control.stop(key, message.principal.user, self._clock())
        self._rescue(key, session)

    def _resume(self, frame: Resume, message: Message) -> Resumed | None:
        """Leave word for the worker that has the turn; where none has it, start one that runs or replays it."""
        unknown = Resumed(re=frame.id, session=frame.session, turn=None, state="none", first=frame.after + 1, to=0)
        session = self._conversations.session(message.principal.tenant, frame.session)
        if session is None:
            return unknown
        turn = frame.turn or session.active or next(reversed(session.recent), None)
        if turn is None:
            return unknown
        key = TurnKey(message.principal.tenant, frame.session, turn)
        _owned(session, message.principal.user)
        reader = Reader(message.connection, frame.after, frame.id, self._clock())
        self._control.attach(key, reader)
        if turn in session.queue:
            self._go_on(session, key, self._clock())
            return unknown.model_copy(update={"turn": turn, "state": "pending"})
        # After the word is left: a worker that ends just now looks for it once its end is stored.
        stored = self._conversations.get(key)
        if stored is None:
            return unknown
        if stored.state != "running" or stored.abandoned(self._clock()):
            self._dispatcher.dispatch(TurnJob(key, reader))
        return None

    def _ping(self, frame: Ping, message: Message) -> Pong | Rotate:
        """Alive; but a connection near its two hours is told to rotate: every client pings more often than that."""
        if frame.session is not None and frame.turn is not None:
            key = TurnKey(message.principal.tenant, frame.session, frame.turn)
            self._rescue(key, self._owned(key, message.principal.user))
        left = rotate_due(message.connected_at, self._clock())
        return Pong(re=frame.id) if left is None else Rotate(re=frame.id, within=left)

    def _rescue(self, key: TurnKey, session: Session | None) -> None:
        """Start a worker for a turn that nobody runs any more, or for the one that it waits for."""
        if session is None:
            return
        if key.turn in session.queue:
            self._go_on(session, key, self._clock())
            return
        stored = self._conversations.get(key)
        if stored is not None and stored.abandoned(self._clock()):
            self._dispatcher.dispatch(TurnJob(key))

    def _go_on(self, session: Session, key: TurnKey, now: float) -> None:
        """See that a queue moves on, where the worker of the turn before it died, or none could be started."""
        if session.active is None:
            first = replace(key, turn=session.queue[0])
            with suppress(SessionBusy):
                self._conversations.activate(first, session.user, now)
                self._dispatcher.dispatch(TurnJob(first))
            return
        active = replace(key, turn=session.active)
        stored = self._conversations.get(active)
        if not self._nobody_runs(active, stored, now):
            return
        if stored is not None and not stored.ended:
            self._dispatcher.dispatch(TurnJob(active))
        elif upcoming := self._conversations.free(active, now):
            self._dispatcher.dispatch(TurnJob(replace(key, turn=upcoming)))

    def _owned(self, key: TurnKey, user: str) -> Session | None:
        """The session, if it is the user's; None where it does not exist yet, and is nobody's.

        Raises:
            NotYours: it is another user's.
        """
        session = self._conversations.session(key.tenant, key.session)
        return None if session is None else _owned(session, user)


def _question(frame: Ask, key: TurnKey, principal: Principal, now: float) -> Question:
    return Question(
        key=key,
        user=principal.user,
        message=frame.message.id,
        text=normalise(frame.message.text),
        locale=frame.locale,
        asked_at=now,
        trace=secrets.token_hex(16),
        metadata=frame.metadata,
    )


def _owned(session: Session, user: str) -> Session:
    if session.user != user:
        raise NotYours("the session belongs to another user")
    return session


def _language(frame: AnyClientFrame) -> Language:
    return language_of_locale(frame.locale, frame.message.text) if isinstance(frame, Ask) else "en"
