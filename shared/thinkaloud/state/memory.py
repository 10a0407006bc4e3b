"""The stores in memory, for tests and for reading: what the DynamoDB versions must do, without their conditions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from thinkaloud.errors import LeaseLost, NotYours, SessionBusy
from thinkaloud.state.records import (
    BLOCK,
    LEASE,
    SKEW,
    Control,
    Exchange,
    Outcome,
    Question,
    Reader,
    Segment,
    Session,
    Turn,
    TurnKey,
)
from thinkaloud.state.stores import MOST_QUEUED, MOST_WISHES, RECENT


class MemoryConversations:
    """`ConversationStore` in dicts, under one lock."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sessions: dict[tuple[str, str], Session] = {}
        self._turns: dict[TurnKey, Turn] = {}

    def session(self, tenant: str, session: str) -> Session | None:
        return self._sessions.get((tenant, session))

    def activate(self, key: TurnKey, user: str, now: float, instead_of: str | None = None) -> bool:
        with self._lock:
            session = self._sessions.get((key.tenant, key.session)) or Session(user)
            if session.user != user:
                raise NotYours(key.session)
            if session.active not in (None, key.turn, instead_of):
                raise SessionBusy(str(session.active))
            self._put(key, replace(session, active=key.turn, since=now))
            return session.active == key.turn

    def enqueue(self, key: TurnKey, behind: str) -> bool:
        with self._lock:
            session = self._sessions[key.tenant, key.session]
            if session.active != behind:
                return False
            if key.turn not in session.queue:
                if len(session.queue) >= MOST_QUEUED:
                    raise SessionBusy(behind)
                self._put(key, replace(session, queue=(*session.queue, key.turn)))
            return True

    def release(self, key: TurnKey) -> None:
        with self._lock:
            session = self._sessions.get((key.tenant, key.session))
            if session is not None and session.active == key.turn:
                self._put(key, replace(session, active=None, since=0.0))

    def create(self, question: Question, connection: str) -> bool:
        with self._lock:
            if question.key in self._turns:
                return False
            self._turns[question.key] = Turn(question, connection, "pending")
            return True

    def get(self, key: TurnKey) -> Turn | None:
        return self._turns.get(key)

    def claim(self, key: TurnKey, now: float, lease: float = LEASE) -> Turn | None:
        with self._lock:
            turn = self._turns.get(key)
            if turn is None or turn.ended or (turn.state == "running" and turn.lease_until >= now - SKEW):
                return None
            claimed = replace(
                turn,
                state="running",
                epoch=turn.epoch + 1,
                lease_until=now + lease,
                reserved=turn.reserved + BLOCK,
            )
            self._turns[key] = claimed
            return claimed

    def renew(self, key: TurnKey, epoch: int, now: float, reserved: int, lease: float = LEASE) -> None:
        with self._lock:
            self._turns[key] = replace(self._held(key, epoch), lease_until=now + lease, reserved=reserved)

    def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
        with self._lock:
            if (turn := self._turns[key]).ended and turn.epoch == epoch:
                return
            self._turns[key] = replace(self._held(key, epoch), state=outcome.state, outcome=outcome, lease_until=0.0)

    def free(self, key: TurnKey, now: float) -> str | None:
        with self._lock:
            session = self._sessions.get((key.tenant, key.session))
            if session is None or session.active != key.turn:
                return None
            queue = session.queue[1:] if session.queue[:1] == (key.turn,) else session.queue
            upcoming = queue[0] if queue else None
            recent = (*session.recent, key.turn)[-RECENT:]
            self._put(
                key, replace(session, active=upcoming, queue=queue[1:], recent=recent, since=now if upcoming else 0.0)
            )
            return upcoming

    def exchanges(self, tenant: str, session: str, turns: Sequence[str]) -> list[Exchange]:
        found = (self._turns.get(TurnKey(tenant, session, turn)) for turn in turns)
        return [
            Exchange(turn.question.text, turn.outcome.answer)
            for turn in found
            if turn is not None and turn.outcome is not None and turn.outcome.answer
        ]

    def _put(self, key: TurnKey, session: Session) -> None:
        self._sessions[key.tenant, key.session] = session

    def _held(self, key: TurnKey, epoch: int) -> Turn:
        turn = self._turns[key]
        if turn.epoch != epoch or turn.state != "running":
            raise LeaseLost(f"epoch {epoch} does not hold turn {key.turn} any more")
        return turn


class MemoryJournal:
    """`JournalStore` in a dict."""

    def __init__(self) -> None:
        self.segments: dict[TurnKey, dict[tuple[int, int], Segment]] = {}

    def write(self, key: TurnKey, item: Segment, now: float) -> None:
        self.segments.setdefault(key, {})[item.epoch, item.first] = item

    def read(self, key: TurnKey) -> list[Segment]:
        return list(self.segments.get(key, {}).values())


@dataclass
class _Word:
    stopped_by: set[str] = field(default_factory=set)
    superseded: bool = False
    readers: dict[str, list[Reader]] = field(default_factory=dict)


class MemoryControl:
    """`ControlStore` in dicts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._words: dict[TurnKey, _Word] = {}

    def stop(self, key: TurnKey, user: str, now: float) -> None:
        with self._lock:
            self._words.setdefault(key, _Word()).stopped_by.add(user)

    def supersede(self, key: TurnKey, now: float) -> None:
        with self._lock:
            self._words.setdefault(key, _Word()).superseded = True

    def attach(self, key: TurnKey, reader: Reader) -> None:
        with self._lock:
            wishes = self._words.setdefault(key, _Word()).readers.setdefault(reader.connection, [])
            if len(wishes) >= MOST_WISHES:
                wishes.clear()
            wishes.append(reader)

    def look(self, key: TurnKey, *, consistent: bool = False) -> Control:
        with self._lock:
            word = self._words.get(key, _Word())
            readers = tuple(reader for wishes in word.readers.values() for reader in wishes)
            return Control(frozenset(word.stopped_by), word.superseded, readers)
