"""Cases and what came of them, with plain values."""

from __future__ import annotations

from typing import Any

from evaluation.cases import Case
from evaluation.observation import Cited, Observation, Reply
from evaluation.run import Result, Run, result_of
from thinkaloud.models.chat import Delta, Finish, ScriptedChat

#: What a judge says.
MARKS = '{"statements": 4, "supported": 3, "relevance": 2}'


def says(*pieces: str) -> ScriptedChat:
    """A model that says this."""
    return ScriptedChat([*(Delta(piece) for piece in pieces), Finish("stop", None)], name="judge-1")


def case(key: str = "1", question: str = "How long does a refund take?", **fields: Any) -> Case:
    known: dict[str, Any] = {
        "turns": (question,),
        "language": "en",
        "places": frozenset({"refunds"}),
        "answers": ("five working days",),
    }
    return Case(key, **{**known, **fields})


def left_open(key: str = "9", question: str = "Who won the cup?") -> Case:
    """A question that the documents do not answer."""
    return case(key, question, places=frozenset(), answerable=False, answers=())


def reply(text: str = "A refund takes five working days [1].", *places: str) -> Reply:
    passage = "A refund takes five working days."
    return Reply(text, tuple(Cited(place, passage) for place in places or ("refunds",)), (passage,))


def seen(*ranking: str, key: str = "1", **fields: Any) -> Observation:
    known: dict[str, Any] = {"ranking": ranking or ("refunds",), "used": ranking or ("refunds",), "reply": reply()}
    return Observation(key, **{**known, **fields})


def abstained(key: str = "1", *ranking: str) -> Observation:
    """Retrieval says that the documents do not answer it."""
    return seen(*ranking, key=key, covered=False, reply=Reply("The documents do not cover this."))


def result(key: str = "1", *ranking: str, **fields: Any) -> Result:
    return result_of(case(key), seen(*ranking, key=key, **fields))


def run(*results: Result, name: str = "refunds", **fields: Any) -> Run:
    return Run(name, results, **{"measure": "overlap", "setup": {"chat": "scripted", "documents": 3}, **fields})
