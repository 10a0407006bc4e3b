"""Turns that nobody runs any more, found when a client speaks of them: their worker died, or none ever came."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from thinkaloud.dialogue.work.job import Dispatcher, TurnJob
from thinkaloud.errors import SessionBusy
from thinkaloud.state.records import Session, Turn, TurnKey
from thinkaloud.state.stores import ConversationStore

#: Seconds after which a turn that has its place in the session must be stored: longer than this function may run.
_ADMISSION = 30.0


class Rescue:
    """Starts a worker where one is missing. It may start one too many: a worker claims its turn before it runs it."""

    def __init__(self, conversations: ConversationStore, dispatcher: Dispatcher, clock: Callable[[], float]) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._clock = clock

    def nobody_runs(self, active: TurnKey, stored: Turn | None) -> bool:
        """Whether a session's active turn is over: ended, abandoned, or never stored by whoever made it that."""
        now = self._clock()
        if stored is not None:
            return stored.ended or stored.abandoned(now)
        session = self._conversations.session(active.tenant, active.session)
        return session is not None and session.active == active.turn and session.since + _ADMISSION < now

    def see_to(self, key: TurnKey, session: Session | None) -> Turn | None:
        """Start a worker for a turn that nobody runs any more, or for the one that it waits for.

        Returns:
            The turn, if it is stored and does not wait.
        """
        if session is None:
            return None
        if key.turn in session.queue:
            self.go_on(session, key)
            return None
        stored = self._conversations.get(key)
        if stored is not None and stored.abandoned(self._clock()):
            self._dispatcher.dispatch(TurnJob(key))
        return stored

    def go_on(self, session: Session, key: TurnKey) -> None:
        """See that a queue moves on, where the worker of the turn before it died, or none could be started."""
        now = self._clock()
        if session.active is None:
            first = replace(key, turn=session.queue[0])
            with suppress(SessionBusy):
                self._conversations.activate(first, session.user, now)
                self._dispatcher.dispatch(TurnJob(first))
            return
        active = replace(key, turn=session.active)
        stored = self._conversations.get(active)
        if not self.nobody_runs(active, stored):
            return
        if stored is not None and not stored.ended:
            self._dispatcher.dispatch(TurnJob(active))
        elif upcoming := self._conversations.free(active, now):
            self._dispatcher.dispatch(TurnJob(replace(key, turn=upcoming)))
