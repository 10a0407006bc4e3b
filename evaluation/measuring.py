"""Loads a set's documents, asks its questions, and scores what comes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from evaluation.asking import SESSION, Asker
from evaluation.cases import Case
from evaluation.datasets import EvaluationSet
from evaluation.errors import EvaluationError
from evaluation.judge import Judge
from evaluation.observation import Observation
from evaluation.run import Result, Run, Setup, result_of
from evaluation.scratch import TENANT, Services
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.answer.variants import Variants
from thinkaloud.errors import ThinkaloudError
from thinkaloud.knowledge.documents import Document

T = TypeVar("T")
U = TypeVar("U")

#: Questions that are asked one at a time, at first, so that their durations say something. The first of all is left
#: out: it waits for connections and for the models to load.
ALONE = 50
#: Where as many questions fail one after the other, the others would too.
FIRST = 5
#: Documents under way at once: while one is embedded another is stored.
LOADING = 4


class Watcher(Protocol):
    """Who is told how far a run has come."""

    def begin(self, what: str, total: int) -> None:
        """A stage begins, of `total` steps."""

    def step(self) -> None:
        """One of its steps is done."""


@dataclass(frozen=True)
class Plan:
    """How a set is asked. `judge` says how good answers are; without it, words alone."""

    answers: bool = True
    at_once: int = 8
    judge: Judge | None = None


async def measure(chosen: EvaluationSet, services: Services, plan: Plan, watcher: Watcher) -> Run:
    """Load the documents, then ask every question.

    Raises:
        DatasetError: a document cannot be read.
        KnowledgeError: the embedding model or the index did not answer while documents were loaded.
        EvaluationError: not one of the first questions could be asked.
    """
    loaded = await load(chosen, services, watcher)
    return await ask(chosen, services.abilities, {**services.names, **loaded}, plan, watcher)


async def measure_versions(
    chosen: EvaluationSet, services: Services, plan: Plan, versions: Sequence[str], watcher: Watcher
) -> list[Run]:
    """Ask every question once with each version of the answer's prompt; the documents are loaded once.

    Raises:
        DatasetError, KnowledgeError, EvaluationError: as of `measure`.
    """
    loaded = await load(chosen, services, watcher)
    runs = []
    for version in versions:
        abilities = replace(services.abilities, variants=Variants(((version, 1),)))
        run = await ask(chosen, abilities, {**services.names, **loaded}, plan, watcher)
        runs.append(replace(run, name=f"{chosen.name} with {version}"))
    return runs


async def load(chosen: EvaluationSet, services: Services, watcher: Watcher) -> Setup:
    """Bring the documents into the index, a few at once; how many they are, and how long it took."""
    watcher.begin("Loading", len(chosen.corpus))
    started = time.perf_counter()

    async def one(document: Document) -> int:
        return (await services.ingestor.ingest(document)).chunks

    chunks = sum(await _each(chosen.corpus.documents(), one, LOADING, watcher))
    await services.loaded()
    return {
        "documents": len(chosen.corpus),
        "chunks": chunks,
        "seconds_loading": round(time.perf_counter() - started, 1),
    }


async def ask(chosen: EvaluationSet, abilities: Abilities, setup: Setup, plan: Plan, watcher: Watcher) -> Run:
    """Ask every question of documents that are loaded, and score what comes of it.

    Raises:
        EvaluationError: not one of the first questions could be asked.
    """
    started = time.perf_counter()
    seen = await _ask(chosen.cases, Asker(TENANT, abilities, answers=plan.answers), plan, watcher)
    asked = time.perf_counter()
    results = await _judge(list(zip(chosen.cases, seen, strict=True)), plan, watcher)
    answering: Setup = {"chat": "none, retrieval only"}
    if plan.answers:
        answering = {"chat": abilities.chat.name, "prompt": abilities.variants.of(TENANT, SESSION)}
    if plan.judge is not None:
        answering |= {"judge": plan.judge.name, "not judged": plan.judge.failures}
    setup = {**answering, **setup, "seconds_asking": round(asked - started, 1)}
    return Run(chosen.name, tuple(results), "judge" if plan.judge else "overlap", setup, chosen.notes)


async def _ask(cases: Sequence[Case], asker: Asker, plan: Plan, watcher: Watcher) -> list[Observation]:
    """Ask the first questions alone, and time them; then the rest side by side, where durations say nothing."""
    watcher.begin("Asking", len(cases))
    first, *alone = await _each(cases[:FIRST], asker.ask, 1, watcher)
    if first.error and all(seen.error for seen in alone):
        raise EvaluationError(f"the first {len(alone) + 1} questions could not be asked: {first.error}")
    alone += await _each(cases[FIRST:ALONE], asker.ask, 1, watcher)
    crowded = await _each(cases[ALONE:], asker.ask, plan.at_once, watcher)
    return [_untimed(first), *alone, *map(_untimed, crowded)]


async def _judge(asked: Sequence[tuple[Case, Observation]], plan: Plan, watcher: Watcher) -> list[Result]:
    if (judge := plan.judge) is None:
        return [result_of(case, seen) for case, seen in asked]
    watcher.begin("Judging", len(asked))

    async def one(pair: tuple[Case, Observation]) -> Result:
        return result_of(*pair, await judge.judge(*pair))

    return await _each(asked, one, plan.at_once, watcher)


async def _each(items: Iterable[T], work: Callable[[T], Awaitable[U]], at_once: int, watcher: Watcher) -> list[U]:
    """What `work` gives for each item, in their order, `at_once` of them at a time; the first failure ends it all."""
    done: dict[int, U] = {}
    upcoming = iter(enumerate(items))  # shared: whoever is free takes the next one

    async def worker() -> None:
        for number, item in upcoming:
            done[number] = await work(item)
            watcher.step()

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(worker())
    except* ThinkaloudError as group:
        failure: BaseException = group
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        raise failure from None
    return [done[number] for number in sorted(done)]


def _untimed(seen: Observation) -> Observation:
    return replace(seen, timings={})
