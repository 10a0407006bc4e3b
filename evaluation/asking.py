"""Asks a question the way a session does, and notes everything that comes of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

from evaluation.cases import Case
from evaluation.observation import Cited, Observation, Reply
from thinkaloud.dialogue.answer.interrupt import Stop
from thinkaloud.dialogue.answer.turn import Abilities, Turn
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.retrieval.search import Retrieval, Retriever, Search
from thinkaloud.models.chat import ChatMessage, Event, Finish
from thinkaloud.protocol.frames import Complete, Error, Text
from thinkaloud.state.audit import Audit
from thinkaloud.state.records import Exchange, Question, TurnKey

#: All questions are asked in one session: where sessions have different versions of the prompt, a run has one.
SESSION = "evaluation"


class Silent:
    """A chat model that says nothing, for a turn of which only the retrieval matters."""

    name = "none"

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        """End at once."""
        yield Finish("stop", None)


class Watched:
    """A retriever that notes what it found, or why not."""

    def __init__(self, retriever: Retriever) -> None:
        self.found: Retrieval | None = None
        self.error = ""
        self._retriever = retriever

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        """Retrieve, and note it."""
        try:
            self.found = await self._retriever.retrieve(tenant, search)
        except KnowledgeError as error:
            self.error = f"{type(error).__name__}: {error}"
            raise
        return self.found


@dataclass(frozen=True)
class _Answered:
    """A turn that came to its end."""

    text: str
    ending: Complete | Error
    audit: Audit


class Asker:
    """Asks through the real turn.

    Args:
        answers: whether the model is asked for an answer too, or only retrieval for passages.
    """

    def __init__(self, tenant: str, abilities: Abilities, *, answers: bool = True) -> None:
        self._tenant = tenant
        self._abilities = abilities if answers else replace(abilities, chat=Silent())
        self._answers = answers

    async def ask(self, case: Case) -> Observation:
        """Ask a case's questions one after the other, each with the memory of those before; the last is observed."""
        memory: list[Exchange] = []
        for text in case.turns[:-1]:
            memory.append(Exchange(text, (await self._turn(text, case, memory, self._abilities)).text))
        watched = Watched(self._abilities.retriever)
        answered = await self._turn(case.question, case, memory, replace(self._abilities, retriever=watched))
        if watched.error or isinstance(answered.ending, Error):
            return Observation(case.id, error=watched.error or _told(answered.ending))
        found = watched.found
        passages = _passages(found, answered.audit) if found and found.covered else {}
        return Observation(
            case=case.id,
            searched=answered.audit.search,
            ranking=_ranking(found) if found else (),
            used=tuple(uri for uri, _ in passages.values()),
            score=max((candidate.score for candidate in found.candidates), default=None) if found else None,
            covered=found.covered if found else True,
            reply=_reply(answered, passages) if self._answers else None,
            unrewritten=await self._unrewritten(case) if case.follows_up else None,
            timings={name: seconds for name, seconds in answered.ending.timings.items() if self._is_timed(name)},
        )

    def _is_timed(self, stage: str) -> bool:
        return self._answers or stage not in ("generation", "first_token")

    async def _unrewritten(self, case: Case) -> tuple[str, ...]:
        """What the last question's own words alone find."""
        return _ranking(await self._abilities.retriever.retrieve(self._tenant, Search(case.question)))

    async def _turn(self, text: str, case: Case, memory: Sequence[Exchange], abilities: Abilities) -> _Answered:
        async def remember() -> Sequence[Exchange]:
            return memory

        question = Question(
            key=TurnKey(self._tenant, SESSION, uuid.uuid4().hex),
            user="evaluation",
            message=case.id,
            text=text,
            locale=case.language,
            asked_at=time.time(),
            trace="evaluation",
        )
        turn = Turn(question, abilities, remember, Stop())
        said: list[str] = []
        ending: Complete | Error | None = None
        async for frame in turn.frames():
            if isinstance(frame, Text):
                said.append(frame.content)
            elif isinstance(frame, Complete | Error):
                ending = frame
        if ending is None:
            raise AssertionError("a turn ends with `complete` or `error`")
        return _Answered("".join(said), ending, turn.audit(ending))


def _told(ending: Complete | Error) -> str:
    return f"{ending.code}: {ending.message}" if isinstance(ending, Error) else ""


def _ranking(found: Retrieval) -> tuple[str, ...]:
    """Places in the order of retrieval: what it gives, then what it held back, but for copies of what it gives."""
    given = [match.passage for match in found.matches]
    ids = {passage.id for passage in given}
    rest = [item.passage for item in found.candidates if item.passage.id not in ids and item.dropped != "duplicate"]
    return tuple(passage.uri for passage in (*given, *rest))


def _passages(found: Retrieval, audit: Audit) -> dict[str, tuple[str, str]]:
    """Marker -> (place, text) of the passages that the answer could use, in the order of their numbers."""
    by_id = {item.passage.id: item.passage for item in found.candidates}
    numbered = [(int(item.number), by_id[item.id]) for item in audit.candidates if item.number is not None]
    return {str(number): (passage.uri, passage.text) for number, passage in sorted(numbered, key=lambda pair: pair[0])}


def _reply(answered: _Answered, passages: dict[str, tuple[str, str]]) -> Reply:
    citations = tuple(Cited(*passages[marker]) for marker in answered.audit.cited if marker in passages)
    return Reply(answered.text, citations, tuple(text for _, text in passages.values()))
