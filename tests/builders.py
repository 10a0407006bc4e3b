"""The domain's objects with plain values, so that a test names only what it is about."""

from __future__ import annotations

from typing import Any

from thinkaloud.identity.principal import Principal
from thinkaloud.knowledge.index import Match, Passage
from thinkaloud.state.records import Outcome, Question, TurnKey

#: A moment in seconds since 1970, at which the conversations of these tests take place.
NOW = 1_763_631_000.25


def principal(tenant: str = "qinghe", user: str = "lin", expires: int = int(NOW) + 3_600) -> Principal:
    return Principal(tenant, user, expires)


def turn_key(turn: str = "turn-0001", session: str = "session-1", tenant: str = "qinghe") -> TurnKey:
    return TurnKey(tenant, session, turn)


def question(text: str = "How long does a refund take?", *, key: TurnKey | None = None, **fields: Any) -> Question:
    known = {"user": "lin", "message": "m1", "locale": None, "asked_at": NOW, "trace": "trace-1", **fields}
    return Question(key=key or turn_key(), text=text, **known)


def outcome(answer: str = "Five working days.", **fields: Any) -> Outcome:
    return Outcome(**{"state": "done", "answer": answer, "finish": "stop", **fields})


def passage(text: str = "Refunds take five working days.", **fields: Any) -> Passage:
    known = {
        "document": "d0c5",
        "position": 0,
        "title": "Refunds",
        "uri": "handbook/en/refunds.md",
        "media": "text/markdown",
        "section": "How long it takes",
        "language": "en",
        "fingerprint": "f1f2",
    }
    return Passage(**{**known, "text": text, **fields})


def match(text: str = "Refunds take five working days.", score: float = 0.8, **fields: Any) -> Match:
    return Match(passage(text, **fields), score)
