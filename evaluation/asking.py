"""Asks a question the way a session does, and notes everything that comes of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from evaluation.cases import Case
from evaluation.observation import Cited, Observation, Reply
from thinkaloud.dialogue.interrupt import Stop
from thinkaloud.dialogue.turn import Abilities, Turn
from thinkaloud.errors import ThinkaloudError
from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.search import Retrieval, Retriever, Search
from thinkaloud.models.chat import ChatMessage, Event, Finish
from thinkaloud.protocol.frames import Complete, Error, Source, SourceDocument, Text
from thinkaloud.state.records import Exchange, Question, TurnKey


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
        except ThinkaloudError as error:
            self.error = f"{type(error).__name__}: {error}"
            raise
        return self.found


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
            answer, _, _ = await self._turn(text, case, memory, self._abilities)
            memory.append(Exchange(text, answer))
        watched = Watched(self._abilities.retriever)
        answer, sources, ending = await self._turn(
            case.question, case, memory, replace(self._abilities, retriever=watched)
        )
        if watched.error or isinstance(ending, Error):
            detail = watched.error or f"{ending.code}: {ending.message}" if isinstance(ending, Error) else ""
            return Observation(case.id, error=watched.error or detail)
        found = watched.found
        matches = found.matches if found else []
        return Observation(
            case=case.id,
            ranking=_ranking(found) if found else (),
            used=tuple(document.uri for document in sources),
            score=max((candidate.score for candidate in found.candidates), default=None) if found else None,
            covered=found.covered if found else True,
            reply=_reply(answer, sources, ending, matches) if self._answers else None,
            unrewritten=await self._unrewritten(case) if case.follows_up else None,
            timings=ending.timings,
        )

    async def _unrewritten(self, case: Case) -> tuple[str, ...]:
        return _ranking(await self._abilities.retriever.retrieve(self._tenant, Search(case.question)))

    async def _turn(
        self, text: str, case: Case, memory: Sequence[Exchange], abilities: Abilities
    ) -> tuple[str, tuple[SourceDocument, ...], Complete | Error]:
        """(answer, sources, ending) of one question."""

        async def remember() -> Sequence[Exchange]:
            return memory

        question = Question(
            key=TurnKey(self._tenant, "evaluation", uuid.uuid4().hex),
            user="evaluation",
            message=case.id,
            text=text,
            locale=case.language,
            asked_at=time.time(),
            trace="evaluation",
        )
        answer: list[str] = []
        sources: tuple[SourceDocument, ...] = ()
        ending: Complete | Error | None = None
        async for frame in Turn(question, abilities, remember, Stop()).frames():
            match frame:
                case Text():
                    answer.append(frame.content)
                case Source():
                    sources = frame.docs
                case Complete() | Error():
                    ending = frame
        if ending is None:
            raise AssertionError("a turn ends with `complete` or `error`")
        return "".join(answer), sources, ending


def _ranking(found: Retrieval) -> tuple[str, ...]:
    """Places in the order of retrieval: what it gives, then what it held back, but for copies of what it gives."""
    given = {match.passage.id for match in found.matches}
    rest = [
        candidate.passage
        for candidate in found.candidates
        if candidate.passage.id not in given and candidate.dropped != "duplicate"
    ]
    return tuple(passage.uri for passage in (*(match.passage for match in found.matches), *rest))


def _reply(text: str, sources: Sequence[SourceDocument], ending: Complete, matches: Sequence[Match]) -> Reply:
    passages = _passages(sources, matches)
    places = {document.id: (document.uri, passage) for document, passage in zip(sources, passages, strict=True)}
    return Reply(text, tuple(Cited(*places[citation.source]) for citation in ending.citations), passages)


def _passages(sources: Sequence[SourceDocument], matches: Sequence[Match]) -> tuple[str, ...]:
    """The whole text of each source: a frame shows its beginning, and its passage is among the matches, in order."""
    found = []
    upcoming = iter(matches)
    for document in sources:
        beginning = document.snippet.removesuffix("…")
        same = (match.passage.text for match in upcoming if match.passage.uri == document.uri)
        found.append(next((text for text in same if text.startswith(beginning)), document.snippet))
    return tuple(found)
