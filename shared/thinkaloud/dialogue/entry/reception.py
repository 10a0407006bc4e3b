"""What becomes of one message of a client: read it, act on it, say what happened."""

from __future__ import annotations

import time
from collections.abc import Callable

from thinkaloud.client_codes import client_code
from thinkaloud.dialogue.entry.admission import Admission, BusyPolicy
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.rescue import Rescue
from thinkaloud.dialogue.labels import error_message, notice_message
from thinkaloud.dialogue.question.filters import read_filter
from thinkaloud.dialogue.work.job import Dispatcher, TurnJob
from thinkaloud.errors import FrameError, NotYours, ThinkaloudError
from thinkaloud.gateway.events import Message
from thinkaloud.gateway.rotation import rotate_due
from thinkaloud.language import Language, language_of_locale
from thinkaloud.protocol import HEARTBEAT
from thinkaloud.protocol.decode import decode_client_frame, frame_id
from thinkaloud.protocol.frames import Error, Notice, Pong, Reply, Resumed, Rotate
from thinkaloud.protocol.requests import AnyClientFrame, Ask, Auth, Ping, Resume, Stop
from thinkaloud.state.records import Reader, Session, Turn, TurnKey
from thinkaloud.state.stores import ControlStore, ConversationStore
from thinkaloud.telemetry import audit, logger


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
        self._clock = clock
        self._rescue = Rescue(conversations, dispatcher, clock)
        self._admission = Admission(
            conversations, control, dispatcher, self._rescue, busy=busy, heartbeat=heartbeat, clock=clock
        )

    def receive(self, message: Message) -> Reply | None:
        """The reply to one message; None where the turn's worker gives it, as `resumed`."""
        try:
            frame = decode_client_frame(message.body)
            if isinstance(frame, Ask):
                read_filter(frame.metadata)
        except FrameError as error:
            # Its text is written for the client: it names the field or the limit.
            code, retryable = client_code(error)
            audit("a frame that cannot be read", code=code, detail=str(error), **_who(message))
            return Error(re=frame_id(message.body), code=code, message=str(error), retryable=retryable)
        try:
            return self._act(frame, message)
        except ThinkaloudError as error:
            code, retryable = client_code(error)
            what = {"code": code, "action": frame.action, "detail": str(error), **_of(frame), **_who(message)}
            if isinstance(error, NotYours):
                audit("a session of another user", **what)
            else:
                logger().warning("refused", extra=what)
            return Error(re=frame.id, code=code, message=error_message(code, _language(frame)), retryable=retryable)

    def _act(self, frame: AnyClientFrame, message: Message) -> Reply | None:
        if isinstance(frame, Auth):
            return self._authentication.extend(message, frame.token, re=frame.id, language=_language(frame))
        self._authentication.check(message)
        match frame:
            case Ask():
                return self._admission.admit(frame, message)
            case Stop():
                return self._stop(frame, message)
            case Resume():
                return self._resume(frame, message)
            case Ping():
                return self._ping(frame, message)

    def _stop(self, frame: Stop, message: Message) -> Notice:
        """Leave word for the worker, and say what is known of the turn. It may not have been asked yet."""
        key = TurnKey(message.principal.tenant, frame.session, frame.turn)
        session = self._owned(key, message.principal.user)
        self._control.stop(key, message.principal.user, self._clock())
        code = _standing(key, session, self._rescue.see_to(key, session))
        if code == "unknown_turn":
            audit("a stop of a turn that nobody asked", **_of(frame), **_who(message))
        return Notice(re=frame.id, code=code, message=notice_message(code, _language(frame)))

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
            self._rescue.go_on(session, key)
            return unknown.model_copy(update={"turn": turn, "state": "pending"})
        # After the word is left: a worker that ends just now looks for it once its end is stored.
        stored = self._conversations.get(key)
        if stored is None:
            return unknown
        if frame.after > stored.reserved:
            audit("a cursor that no turn can have reached", after=frame.after, **_of(frame), **_who(message))
        if stored.state != "running" or stored.abandoned(self._clock()):
            self._dispatcher.dispatch(TurnJob(key, reader))
        return None

    def _ping(self, frame: Ping, message: Message) -> Pong | Rotate:
        """Alive; but a connection near its two hours is told to rotate: every client pings more often than that."""
        if frame.session is not None and frame.turn is not None:
            key = TurnKey(message.principal.tenant, frame.session, frame.turn)
            self._rescue.see_to(key, self._owned(key, message.principal.user))
        left = rotate_due(message.connected_at, self._clock())
        return Pong(re=frame.id) if left is None else Rotate(re=frame.id, within=left)

    def _owned(self, key: TurnKey, user: str) -> Session | None:
        """The session, if it is the user's; None where it does not exist yet, and is nobody's.

        Raises:
            NotYours: it is another user's.
        """
        session = self._conversations.session(key.tenant, key.session)
        return None if session is None else _owned(session, user)


def _owned(session: Session, user: str) -> Session:
    if session.user != user:
        raise NotYours("the session belongs to another user")
    return session


def _standing(key: TurnKey, session: Session | None, stored: Turn | None) -> str:
    """What to say to who wants a turn stopped. One that is active and not stored is just being asked."""
    if stored is not None:
        return "already_ended" if stored.ended else "stopping"
    known = session is not None and (key.turn in session.queue or key.turn == session.active)
    return "stopping" if known else "unknown_turn"


def _language(frame: AnyClientFrame) -> Language:
    """The language for what the reply says to a person: as asked for, or that of the question."""
    return language_of_locale(frame.locale, frame.message.text if isinstance(frame, Ask) else "")


def _who(message: Message) -> dict[str, str]:
    """Whose message it is, for the log."""
    principal = message.principal
    return {"tenant": principal.tenant, "user": principal.user, "connection": message.connection}


def _of(frame: AnyClientFrame) -> dict[str, str | None]:
    """Which turn a frame speaks of, for the log."""
    return {} if isinstance(frame, Auth) else {"session": frame.session, "turn": frame.turn}
