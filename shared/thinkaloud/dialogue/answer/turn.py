"""The turn: a question becomes frames. No socket, no table, no vendor.

           ┌ alone ─────────────────────┐              ┌ not covered ── words of our own ──┐
question ──┤                            ├── retrieve ──┤                                   ├── complete
           └ leans on ── memory ── ... ─┘              └ source ── prompt ── model ── text ┘

Memory loads from the start, beside everything up to the prompt. A greeting goes to the model at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from thinkaloud.client_codes import client_code
from thinkaloud.dialogue.answer.abstention import closest, uncovered
from thinkaloud.dialogue.answer.auditing import audit_of
from thinkaloud.dialogue.answer.citations import find_citations
from thinkaloud.dialogue.answer.generation import ANSWER, say, since, write_answer
from thinkaloud.dialogue.answer.interrupt import Stop, until
from thinkaloud.dialogue.answer.progress import Progress
from thinkaloud.dialogue.answer.variants import Variants
from thinkaloud.dialogue.labels import error_message, label
from thinkaloud.dialogue.prompt import build_prompt
from thinkaloud.dialogue.prompts import file_name, load_prompt
from thinkaloud.dialogue.question.filters import read_filter
from thinkaloud.dialogue.question.understanding import Rewrite, understand, understand_at_once
from thinkaloud.errors import InvalidFrame, KnowledgeError
from thinkaloud.knowledge.retrieval.search import Retrieval, Retriever, Search
from thinkaloud.language import estimate_tokens, language_of, language_of_locale
from thinkaloud.models.chat import ChatModel, Finish
from thinkaloud.protocol.frames import Complete, Error, Status, TurnFrame, Usage
from thinkaloud.state.audit import Audit
from thinkaloud.state.records import Exchange, Outcome, Question
from thinkaloud.telemetry import logger

Memory = Callable[[], Awaitable[Sequence[Exchange]]]


@dataclass(frozen=True)
class Abilities:
    """What a turn is answered with.

    `rewrite` completes a follow-up where the rules are not sure; without it they decide. `models` names, for the audit,
    those that the retriever works with: `embedding`, `rerank`.
    """

    retriever: Retriever
    chat: ChatModel
    prompt_tokens: int
    variants: Variants = field(default_factory=Variants)
    rewrite: Rewrite | None = None
    models: Mapping[str, str] = field(default_factory=dict)


class Turn:
    """One question on its way to its answer. `frames` runs once; `outcome` and `audit` then say what to store.

    Args:
        memory: loads the last exchanges of the session.
        stop: set by whoever wants the turn to end early.
        clock: seconds since 1970, as `question.asked_at`.
    """

    def __init__(
        self,
        question: Question,
        abilities: Abilities,
        memory: Memory,
        stop: Stop,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._question = question
        self._abilities = abilities
        self._memory = memory
        self._stop = stop
        self._clock = clock
        self._language = language_of(question.text)
        self._labels = language_of_locale(question.locale, question.text)
        self._variant = abilities.variants.of(question.key.tenant, question.key.session)
        self._so_far = Progress()

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
            covered=ending.covered,
            error=last.code if isinstance(last, Error) else None,
            sources=[source.model_dump(mode="json", exclude_none=True) for source in self._so_far.sources],
            citations=[citation.model_dump(mode="json") for citation in ending.citations],
            usage=ending.usage.model_dump(mode="json"),
            timings=ending.timings,
        )

    def audit(self, last: Complete | Error) -> Audit:
        """Why the turn that ended with `last` was answered as it was."""
        ending, error = (self._complete(), last.code) if isinstance(last, Error) else (last, None)
        return audit_of(self._question, self._so_far, ending, error, self._variant, self._abilities.models)

    async def _answer(self) -> AsyncGenerator[TurnFrame, None]:
        remembering = asyncio.ensure_future(self._remember())
        try:
            async with aclosing(self._find(remembering)) as finding:
                async for status in finding:
                    yield status
            found = self._so_far.retrieval
            if found is not None and not found.covered:
                for frame in self._abstain(found):
                    yield frame
                return
            memory = await remembering
        finally:
            remembering.cancel()
            await asyncio.gather(remembering, return_exceptions=True)
        async with aclosing(self._generate(memory)) as generating:
            async for answering in generating:
                yield answering

    async def _remember(self) -> Sequence[Exchange]:
        started = time.perf_counter()
        memory = await self._memory()
        self._so_far.timings["memory"] = since(started)
        return memory

    async def _find(self, remembering: asyncio.Future[Sequence[Exchange]]) -> AsyncGenerator[Status, None]:
        """Understand the question, and search where it asks the documents something."""
        started = time.perf_counter()
        understood = understand_at_once(self._question.text)
        if understood is None or understood.search is not None:
            yield self._status("retrieval", "start")
        if understood is None:
            memory = await remembering
            rewriting = time.perf_counter()
            understood = await understand(self._question.text, memory, self._abilities.rewrite)
            self._so_far.timings["rewrite"] = since(rewriting)
        self._so_far.understood = understood
        if understood.search is None:
            return
        found = await self._retrieve(understood.search)
        self._so_far.timings["retrieval"] = latency = since(started)
        if found is None:
            yield self._status("retrieval", "error", latency=latency)
            return
        count = len(found.matches) if found.covered else 0
        name = {0: "end.none", 1: "end.one"}.get(count, "end")
        words = label(f"retrieval.{name}", self._labels, count=count)
        yield Status(id="retrieval", phase="retrieval", state="end", label=words, latency=latency)

    async def _retrieve(self, search: Search) -> Retrieval | None:
        """What was found; None where the search failed, which costs the passages and not the answer."""
        self._so_far.search = search
        try:
            self._so_far.search = replace(search, filter=read_filter(self._question.metadata))
            found = await self._abilities.retriever.retrieve(self._question.key.tenant, self._so_far.search)
        except (KnowledgeError, InvalidFrame) as error:
            logger().warning("retrieval failed", extra={"detail": str(error)})
            return None
        self._so_far.retrieval = found
        self._so_far.covered = found.covered
        self._so_far.timings |= found.timings
        return found

    def _abstain(self, found: Retrieval) -> Iterator[TurnFrame]:
        """Say that the documents do not answer, and which come closest. No model is asked."""
        matches = closest(found)
        if matches:
            yield self._so_far.use(matches)
        self._so_far.finish = Finish("stop", Usage(prompt=0, completion=0))
        yield say(uncovered(matches, self._language), self._so_far)

    async def _generate(self, memory: Sequence[Exchange]) -> AsyncGenerator[TurnFrame, None]:
        understood, found = self._so_far.understood, self._so_far.retrieval
        talks = understood is not None and understood.kind == "talk"
        name, version = ("talk", "v1") if talks else ("answer", self._variant)
        self._so_far.prompt = file_name(name, version, self._language)
        prompt = build_prompt(
            self._question.text,
            load_prompt(name, version, self._language),
            None if talks else found.matches if found else [],
            memory,
            self._abilities.prompt_tokens,
        )
        if prompt.matches:
            yield self._so_far.use(prompt.matches)
        yield self._status("generation", "start")
        try:
            async with aclosing(write_answer(self._abilities.chat, prompt, self._so_far)) as writing:
                async for frame in writing:
                    yield frame
        except Exception:
            yield self._status("generation", "error", latency=self._so_far.timings.get("generation"))
            raise
        # No `end`: `complete` comes next, ends the phase and tells how long it took.

    def _complete(self) -> Complete:
        so_far = self._so_far
        usage = so_far.finish.usage if so_far.finish else None
        return Complete(
            finish=so_far.finish.reason if so_far.finish else "stopped",
            reason=None if so_far.finish else self._stop.reason,
            model=so_far.model,
            covered=so_far.covered,
            citations=find_citations(ANSWER, so_far.answer, so_far.passages),
            usage=usage
            or Usage(prompt=so_far.prompt_tokens, completion=estimate_tokens(so_far.answer), estimated=True),
            timings={**so_far.timings, "total": round(self._clock() - self._question.asked_at, 4)},
        )

    def _status(self, phase: str, state: str, latency: float | None = None) -> Status:
        words = label(f"{phase}.{state}", self._labels)
        return Status.model_validate({"id": phase, "phase": phase, "state": state, "label": words, "latency": latency})
