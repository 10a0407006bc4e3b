"""The turn: a question becomes frames. No socket, no table, no vendor.

memory ──┐
retrieve ┴─ source ─ prompt ─ model ─ text... ─ complete
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from thinkaloud.dialogue.citations import find_citations
from thinkaloud.dialogue.interrupt import Stop, until
from thinkaloud.dialogue.labels import error_message, label
from thinkaloud.dialogue.prompt import Prompt, build_prompt
from thinkaloud.errors import KnowledgeError, client_code
from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.search import Retriever, Search
from thinkaloud.language import estimate_tokens, language_of, language_of_locale, shortened
from thinkaloud.models.chat import Begin, ChatModel, Delta, Finish
from thinkaloud.protocol.frames import (
    Complete,
    Error,
    Reasoning,
    Reset,
    Source,
    SourceDocument,
    Status,
    Text,
    TurnFrame,
    Usage,
)
from thinkaloud.state.records import Exchange, Outcome, Question
from thinkaloud.telemetry import logger

#: Estimated tokens of a source's snippet: as many in Chinese as in English, so that both cost the same to keep.
SNIPPET_TOKENS = 150
#: Characters of a source's snippet, and of all of a turn: with titles, they stay below one 32 KB frame.
SNIPPET = 600
SNIPPETS = 6_000
_PART = "answer"
_THOUGHTS = "reasoning"
_STEP = 1


@dataclass(frozen=True)
class Abilities:
    """What a turn is answered with."""

    retriever: Retriever
    chat: ChatModel
    prompt_tokens: int


@dataclass
class _Progress:
    """What is known so far; an answer that breaks off is stored from here."""

    answer: str = ""
    sources: tuple[SourceDocument, ...] = ()
    passages: dict[str, str] = field(default_factory=dict)
    model: str | None = None
    thought: bool = False
    finish: Finish | None = None
    prompt_tokens: int = 0
    timings: dict[str, float] = field(default_factory=dict)


class Turn:
    """One question on its way to its answer. `frames` runs once; `outcome` then says what to store.

    Args:
        memory: loads the last exchanges of the session.
        stop: set by whoever wants the turn to end early.
        clock: seconds since 1970, as `question.asked_at`.
    """

    def __init__(
        self,
        question: Question,
        abilities: Abilities,
        memory: Callable[[], Awaitable[Sequence[Exchange]]],
        stop: Stop,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._question = question
        self._abilities = abilities
        self._memory = memory
        self._stop = stop
        self._clock = clock
        self._labels = language_of_locale(question.locale, question.text)
        self._so_far = _Progress()

    async def frames(self) -> AsyncGenerator[TurnFrame, None]:
        """Everything the client sees of the turn, ending with one `Complete` or `Error`; never raises but on cancel."""
        try:
            async with aclosing(until(self._answer(), self._stop)) as steps:
                async for frame in steps:
                    yield frame
        except Exception as error:  # noqa: BLE001 - whatever failed, the client must hear of it
            code, retryable = client_code(error)
            logger().warning("turn failed", exc_info=code == "internal", extra={"code": code, "detail": str(error)})
            yield Error(code=code, message=error_message(code, self._labels), retryable=retryable)
            return
        yield self._complete()

    def outcome(self, last: Complete | Error) -> Outcome:
        """What to store of the turn that ended with `last`: the partial answer too, if it broke off."""
        ending = self._complete() if isinstance(last, Error) else last
        return Outcome(
            state="failed" if isinstance(last, Error) else "done",
            answer=self._so_far.answer,
            finish="error" if isinstance(last, Error) else ending.finish,
            reason=None if isinstance(last, Error) else ending.reason,
            model=ending.model,
            error=last.code if isinstance(last, Error) else None,
            sources=[source.model_dump(mode="json", exclude_none=True) for source in self._so_far.sources],
            citations=[citation.model_dump(mode="json") for citation in ending.citations],
            usage=ending.usage.model_dump(mode="json"),
            timings=ending.timings,
        )

    async def _answer(self) -> AsyncGenerator[TurnFrame, None]:
        remembering = asyncio.ensure_future(self._memory())
        try:
            matches: list[Match] = []
            async with aclosing(self._retrieve()) as retrieving:
                async for found in retrieving:
                    if isinstance(found, Status):
                        yield found
                    else:
                        matches = found
            prompt = build_prompt(
                self._question.text,
                language_of(self._question.text),
                matches,
                await remembering,
                self._abilities.prompt_tokens,
            )
        finally:
            remembering.cancel()
        if prompt.matches:
            yield self._source(prompt.matches)
        async with aclosing(self._generate(prompt)) as generating:
            async for frame in generating:
                yield frame

    async def _retrieve(self) -> AsyncGenerator[Status | list[Match], None]:
        """Status frames and, last, the matches. A search that fails costs the passages, not the answer."""
        yield self._status("retrieval", "start")
        started = time.perf_counter()
        try:
            search = Search(self._question.text)
            found = await self._abilities.retriever.retrieve(self._question.key.tenant, search)
        except KnowledgeError as error:
            logger().warning("retrieval failed", extra={"detail": str(error)})
            self._so_far.timings["retrieval"] = latency = _since(started)
            yield self._status("retrieval", "error", latency=latency)
            return
        latency = _since(started)
        self._so_far.timings |= {**found.timings, "retrieval": latency}
        name = {0: "end.none", 1: "end.one"}.get(len(found.matches), "end")
        yield Status(
            id="retrieval",
            phase="retrieval",
            state="end",
            label=label(f"retrieval.{name}", self._labels, count=len(found.matches)),
            latency=latency,
        )
        yield found.matches

    def _source(self, matches: Sequence[Match]) -> Source:
        self._so_far.passages = {str(number): match.passage.text for number, match in enumerate(matches, start=1)}
        length = min(SNIPPET, SNIPPETS // len(matches))
        self._so_far.sources = tuple(
            _document(str(number), match, length) for number, match in enumerate(matches, start=1)
        )
        return Source(docs=self._so_far.sources)

    async def _generate(self, prompt: Prompt) -> AsyncGenerator[TurnFrame, None]:
        self._so_far.prompt_tokens = prompt.tokens
        yield self._status("generation", "start")
        started = time.perf_counter()
        try:
            async with aclosing(self._abilities.chat.stream(prompt.messages)) as stream:
                async for event in stream:
                    match event:
                        case Begin():
                            self._so_far.model = event.model
                            if self._so_far.thought:
                                self._so_far.thought = False
                                yield Reset(step=_STEP)
                        case Finish():
                            self._so_far.finish = event
                        case Delta():
                            self._so_far.timings.setdefault("first_token", _since(started))
                            yield self._said(event)
        except Exception:
            yield self._status("generation", "error", latency=_since(started))
            raise
        finally:
            self._so_far.timings["generation"] = _since(started)
        # No `end`: `complete` comes next, ends the phase and tells how long it took.

    def _said(self, delta: Delta) -> Text | Reasoning:
        if delta.kind == "reasoning":
            self._so_far.thought = True
            return Reasoning(part=_THOUGHTS, step=_STEP, content=delta.content)
        self._so_far.answer += delta.content
        return Text(part=_PART, step=_STEP, content=delta.content)

    def _complete(self) -> Complete:
        so_far = self._so_far
        usage = so_far.finish.usage if so_far.finish else None
        return Complete(
            finish=so_far.finish.reason if so_far.finish else "stopped",
            reason=None if so_far.finish else self._stop.reason,
            model=so_far.model or self._abilities.chat.name,
            citations=find_citations(_PART, so_far.answer, so_far.passages),
            usage=usage
            or Usage(prompt=so_far.prompt_tokens, completion=estimate_tokens(so_far.answer), estimated=True),
            timings={**so_far.timings, "total": round(self._clock() - self._question.asked_at, 4)},
        )

    def _status(self, phase: str, state: str, latency: float | None = None) -> Status:
        return Status.model_validate(
            {
                "id": phase,
                "phase": phase,
                "state": state,
                "label": label(f"{phase}.{state}", self._labels),
                "latency": latency,
            }
        )


def _document(number: str, match: Match, length: int) -> SourceDocument:
    passage = match.passage
    snippet = shortened(passage.text, SNIPPET_TOKENS)
    if len(snippet) > length:  # a table's spaces are no tokens
        snippet = snippet[: length - 1] + "…"
    return SourceDocument(
        id=number,
        title=passage.title,
        uri=passage.uri,
        media=passage.media,
        score=round(match.score, 4),
        snippet=snippet,
        section=passage.section or None,
    )


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 4)
