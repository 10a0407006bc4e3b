"""The stores in memory, for tests and for reading: what the DynamoDB version must do, without its conditions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from thinkaloud.errors import NotYours, SessionBusy
from thinkaloud.state.records import Activation, Connection, Exchange, Outcome, Question, Turn, TurnKey
from thinkaloud.state.stores import RECENT


@dataclass
class _Session:
    user: str
    active: str | None = None
    active_until: float = 0.0
    recent: tuple[str, ...] = ()


class MemoryConnections:
    """`ConnectionStore` in a dict."""

    def __init__(self) -> None:
        self.items: dict[str, Connection] = {}

    def put(self, connection: Connection) -> None:
        self.items[connection.id] = connection

    def delete(self, connection: str) -> None:
        self.items.pop(connection, None)


class MemoryConversations:
    """`ConversationStore` in dicts, under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._turns: dict[TurnKey, Turn] = {}
        self._stops: set[tuple[TurnKey, str]] = set()

    def activate(self, key: TurnKey, user: str, now: float, until: float) -> Activation:
        with self._lock:
            session = self._sessions.setdefault((key.tenant, key.session), _Session(user))
            if session.user != user:
                raise NotYours(key.session)
            if session.active not in (None, key.turn) and session.active_until > now:
                raise SessionBusy(str(session.active))
            found = Activation(session.recent, again=session.active == key.turn)
            session.active, session.active_until = key.turn, until
            return found

    def renew(self, key: TurnKey, until: float) -> None:
        with self._lock:
            session = self._sessions.get((key.tenant, key.session))
            if session is not None and session.active == key.turn:
                session.active_until = until

    def release(self, key: TurnKey) -> None:
        with self._lock:
            session = self._sessions.get((key.tenant, key.session))
            if session is not None and session.active == key.turn:
                session.active = None

    def create(self, question: Question) -> bool:
        with self._lock:
            if question.key in self._turns:
                return False
            self._turns[question.key] = Turn(question, "pending")
            return True

    def get(self, key: TurnKey) -> Turn | None:
        return self._turns.get(key)

    def claim(self, key: TurnKey) -> bool:
        with self._lock:
            turn = self._turns.get(key)
            if turn is None or turn.state != "pending":
                return False
            self._turns[key] = replace(turn, state="running")
            return True

    def finish(self, key: TurnKey, outcome: Outcome, recent: Sequence[str]) -> None:
        with self._lock:
            self._turns[key] = replace(self._turns[key], state=outcome.state, outcome=outcome)
            session = self._sessions[key.tenant, key.session]
            if session.active == key.turn:
                session.active = None
                session.recent = (*recent, key.turn)[-RECENT:]

    def exchanges(self, tenant: str, session: str, turns: Sequence[str]) -> list[Exchange]:
        found = (self._turns.get(TurnKey(tenant, session, turn)) for turn in turns)
        return [
            Exchange(turn.question.text, turn.outcome.answer)
            for turn in found
            if turn is not None and turn.outcome is not None and turn.outcome.answer
        ]

    def request_stop(self, key: TurnKey, user: str, now: float) -> None:
        with self._lock:
            session = self._sessions.get((key.tenant, key.session))
            if session is not None and session.user != user:
                raise NotYours(key.session)
            self._stops.add((key, user))

    def stop_requested(self, key: TurnKey, user: str) -> bool:
        return (key, user) in self._stops
