"""What becomes of one message of a client: read it, act on it, say what happened."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from thinkaloud.dialogue.job import Dispatcher, TurnJob
from thinkaloud.dialogue.labels import error_message
from thinkaloud.errors import FrameError, IdentityError, SessionBusy, ThinkaloudError, client_code
from thinkaloud.gateway.events import Message
from thinkaloud.identity.principal import Principal
from thinkaloud.language import Language, language_of_locale, normalise
from thinkaloud.protocol import HEARTBEAT
from thinkaloud.protocol.decode import decode_client_frame, frame_id
from thinkaloud.protocol.frames import Accepted, Ask, Error, Ping, Pong, Stop
from thinkaloud.state.records import Question, TurnKey
from thinkaloud.state.stores import ConversationStore
from thinkaloud.telemetry import logger

#: Seconds a dispatched turn keeps its session before a worker renews it: Lambda drops the event after 60.
DISPATCH_TIME = 75.0

Reply = Accepted | Pong | Error


class Reception:
    """Answers client frames. Everything a client can do wrong ends in an `error` frame; the socket stays open."""

    def __init__(
        self, conversations: ConversationStore, dispatcher: Dispatcher, clock: Callable[[], float] = time.time
    ) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._clock = clock

    def receive(self, message: Message) -> Reply | None:
        """The reply to one message; None where the protocol has none (a `stop` is answered by its turn's end)."""
        try:
            return self._act(message)
        except FrameError as error:
            # Its text is written for the client: it names the field or the limit.
            code, retryable = client_code(error)
            return Error(re=frame_id(message.body), code=code, message=str(error), retryable=retryable)

    def _act(self, message: Message) -> Reply | None:
        frame = decode_client_frame(message.body)
        if isinstance(frame, Ping):
            return Pong(re=frame.id)
        key = TurnKey(message.principal.tenant, frame.session, frame.turn)
        language = _language(frame)
        try:
            if message.principal.expires <= self._clock():
                raise IdentityError("the token of this connection has expired")
            if isinstance(frame, Ask):
                return self._ask(frame, key, message)
            self._conversations.request_stop(key, message.principal.user, self._clock())
            return None
        except ThinkaloudError as error:
            code, retryable = client_code(error)
            logger().warning("refused", extra={"code": code, "detail": str(error), **vars(key)})
            return Error(re=frame.id, code=code, message=error_message(code, language), retryable=retryable)

    def _ask(self, frame: Ask, key: TurnKey, message: Message) -> Accepted:
        """Admit, claim under the client's turn id, dispatch.

        The session first, so that a busy one leaves nothing behind; then the turn, by a conditional write; then the
        worker. Each step may be repeated: a client that heard nothing asks again with the same id, and a pending turn
        is dispatched again, since its worker claims it before it runs.
        """
        now = self._clock()
        question = _question(frame, key, message.principal, now)
        try:
            active = self._conversations.activate(key, question.user, now, now + DISPATCH_TIME)
        except SessionBusy:
            # The session went on since; a late duplicate of a turn that ran is accepted as it was then.
            stored = self._conversations.get(key)
            if stored is None or stored.state == "pending":
                raise
            return _accepted(frame, stored.question, again=True)
        try:
            stored = None if self._conversations.create(question) else self._conversations.get(key)
            if stored is not None:
                question = stored.question
            if stored is None or stored.state == "pending":
                self._dispatcher.dispatch(TurnJob(question, message.connection, active.recent))
            elif stored.state in ("done", "failed"):
                self._conversations.release(key)
        except ThinkaloudError:
            # A turn that had the session before may be running: its worker frees it.
            if not active.again:
                self._conversations.release(key)
            raise
        return _accepted(frame, question, again=stored is not None)


def _accepted(frame: Ask, question: Question, *, again: bool) -> Accepted:
    logger().info("accepted", extra={"trace": question.trace, "again": again, **vars(question.key)})
    return Accepted(re=frame.id, session=frame.session, turn=frame.turn, trace=question.trace, heartbeat=HEARTBEAT)


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


def _language(frame: Ask | Stop) -> Language:
    return language_of_locale(frame.locale, frame.message.text) if isinstance(frame, Ask) else "en"
