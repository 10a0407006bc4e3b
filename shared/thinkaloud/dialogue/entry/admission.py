"""How a question gets its place in the session: at once, behind another one, or not now."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from thinkaloud.dialogue.entry.rescue import Rescue
from thinkaloud.dialogue.work.job import Dispatcher, TurnJob
from thinkaloud.errors import SessionBusy, ThinkaloudError
from thinkaloud.gateway.events import Message
from thinkaloud.identity.principal import Principal
from thinkaloud.language import normalise
from thinkaloud.protocol.frames import Accepted
from thinkaloud.protocol.requests import Ask
from thinkaloud.state.records import Question, TurnKey
from thinkaloud.state.stores import ControlStore, ConversationStore
from thinkaloud.telemetry import logger

#: What happens to a question while the session answers another one: it is refused, waits, or takes its place.
BusyPolicy = Literal["reject", "queue", "interrupt"]
#: Times an ask tries to find its place among others that come and go at the same moment.
_TRIES = 10


@dataclass(frozen=True)
class _Place:
    """Where a question stands: `waits` behind another one, or is its session's turn; `again` if it has been that."""

    waits: bool
    again: bool


class Admission:
    """Takes questions: a place in the session, the turn in the table, a worker."""

    def __init__(
        self,
        conversations: ConversationStore,
        control: ControlStore,
        dispatcher: Dispatcher,
        rescue: Rescue,
        *,
        busy: BusyPolicy,
        heartbeat: float,
        clock: Callable[[], float],
    ) -> None:
        self._conversations = conversations
        self._control = control
        self._dispatcher = dispatcher
        self._rescue = rescue
        self._busy = busy
        self._heartbeat = heartbeat
        self._clock = clock

    def admit(self, frame: Ask, message: Message) -> Accepted:
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
            if self._rescue.nobody_runs(active, current):
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
