"""Loads a set's documents, asks its questions, and scores what comes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from evaluation.asking import Asker
from evaluation.cases import Case
from evaluation.datasets import EvaluationSet
from evaluation.judge import Judge
from evaluation.observation import Observation
from evaluation.run import Result, Run, result_of
from evaluation.scratch import TENANT, Services
from thinkaloud.errors import ThinkaloudError
from thinkaloud.knowledge.documents import Document

T = TypeVar("T")
U = TypeVar("U")

#: Questions that are asked one at a time, at first, so that their durations say something. The first of all is left
#: out: it waits for connections and for the models to load.
ALONE = 50
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
    """
    started = time.perf_counter()
    chunks = await load(chosen, services, watcher)
    loaded = time.perf_counter()
    asker = Asker(TENANT, services.abilities, answers=plan.answers)
    seen = await _ask(chosen.cases, asker, plan, watcher)
    asked = time.perf_counter()
    results = await _judge(list(zip(chosen.cases, seen, strict=True)), plan, watcher)
    setup: dict[str, str | int | float] = {
        **services.names,
        "documents": len(chosen.corpus),
        "chunks": chunks,
        "seconds_loading": round(loaded - started, 1),
        "seconds_asking": round(asked - loaded, 1),
    }
    if not plan.answers:
        setup["chat"] = "none (retrieval only)"
    if plan.judge is not None:
        setup["judge"] = plan.judge.name
    return Run(chosen.name, tuple(results), "judge" if plan.judge else "overlap", setup, chosen.notes)


async def load(chosen: EvaluationSet, services: Services, watcher: Watcher) -> int:
    """Bring the documents into the index, a few at once; how many chunks they make."""
    watcher.begin("Loading", len(chosen.corpus))

    async def one(document: Document) -> int:
        return (await services.ingestor.ingest(document)).chunks

    chunks = sum(await _each(chosen.corpus.documents(), one, LOADING, watcher))
    await services.loaded()
    return chunks


async def _ask(cases: Sequence[Case], asker: Asker, plan: Plan, watcher: Watcher) -> list[Observation]:
    """Ask the first questions alone, and time them; then the rest side by side, where durations say nothing."""
    watcher.begin("Asking", len(cases))
    first, *alone = await _each(cases[:ALONE], asker.ask, 1, watcher)
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
