"""What `thinkaloud eval` does: reads, asks, and holds the figures against their bars."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from console.dev import read_env
from console.local import project_folder
from evaluation.datasets import EvaluationSet, read_set
from evaluation.errors import BarMissed, EvaluationError
from evaluation.judge import Judge
from evaluation.measuring import Plan, Watcher, measure, measure_versions
from evaluation.run import Run
from evaluation.scratch import Scratch, Services, judging_model
from localcloud.aws.errors import AwsUnavailable
from localcloud.providers import ProviderError
from thinkaloud.dialogue.prompts import versions

T = TypeVar("T")

#: What a person can mend, beside what Thinkaloud itself foresees.
FORESEEN = (AwsUnavailable, BotoCoreError, ClientError, ProviderError)

#: The questions of `--sample` are the same each time, so that two runs can be compared.
_SEED = 4


@dataclass(frozen=True)
class Wishes:
    """How a set is to be asked; None for all of its questions."""

    answers: bool = True
    limit: int | None = None
    sample: int | None = None
    at_once: int = 8


class Bar:
    """A progress bar for each stage of a run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        """Show the next stage."""
        self._task = self._progress.add_task(what, total=total)

    def step(self) -> None:
        """Move on."""
        if self._task is not None:
            self._progress.advance(self._task)


def run(sets: Sequence[Path], corpus: Path | None, wishes: Wishes) -> Run:
    """Ask the questions of `sets`, with a progress bar.

    Raises:
        DatasetError: a set or a document cannot be read.
        ConfigurationError, ProviderError: the environment names a model half.
        KnowledgeError: the documents could not be loaded.
    """
    return asyncio.run(_measured(_chosen(read_set(sets, corpus), wishes), wishes, measure))


def run_versions(sets: Sequence[Path], corpus: Path | None, wishes: Wishes, written: str | None) -> list[Run]:
    """Ask the questions of `sets` with each version of the answer's prompt: those `written`, `v1,v2`, or all.

    Raises:
        EvaluationError: a version is not there.
        DatasetError, ConfigurationError, ProviderError, KnowledgeError: as of `run`.
    """
    known = versions("answer")
    wanted = [name.strip() for name in written.split(",")] if written else list(known)
    if unknown := set(wanted) - set(known):
        raise EvaluationError(f"--versions names {min(unknown)!r}; there are {', '.join(known)}")
    chosen = _chosen(read_set(sets, corpus), wishes)
    return asyncio.run(_measured(chosen, wishes, partial(_with_versions, list(dict.fromkeys(wanted)))))


async def _with_versions(
    wanted: Sequence[str], chosen: EvaluationSet, services: Services, plan: Plan, watcher: Watcher
) -> list[Run]:
    return await measure_versions(chosen, services, plan, wanted, watcher)


async def _measured(
    chosen: EvaluationSet,
    wishes: Wishes,
    work: Callable[[EvaluationSet, Services, Plan, Watcher], Awaitable[T]],
) -> T:
    environ = {**read_env(project_folder() / ".env"), **os.environ}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _quiet():
        async with Scratch(environ) as services:
            model = judging_model(environ) if wishes.answers else None
            plan = Plan(wishes.answers, wishes.at_once, Judge(model) if model else None)
            with Progress(*columns, console=console) as progress:
                return await work(chosen, services, plan, Bar(progress))


def _chosen(everything: EvaluationSet, wishes: Wishes) -> EvaluationSet:
    cases = list(everything.cases)
    if wishes.sample is not None and wishes.sample < len(cases):
        drawn = random.Random(_SEED).sample(range(len(cases)), wishes.sample)  # noqa: S311 - guards nothing
        cases = [cases[number] for number in sorted(drawn)]
    return replace(everything, cases=tuple(cases[: wishes.limit]))


@contextmanager
def _quiet() -> Iterator[None]:
    """What the functions would log goes nowhere: it is no part of the figures, and what fails is counted in them."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        logging.disable(before)


def bars_of(written: Sequence[str]) -> dict[str, float]:
    """`hit@1=0.9` -> name and value.

    Raises:
        BarMissed: one is not written so.
    """
    bars = {}
    for text in written:
        name, _, value = text.rpartition("=")
        try:
            bars[name.strip()] = float(value)
        except ValueError:
            name = ""
        if not name.strip():
            raise BarMissed(f"--fail-under {text}: write it as a figure's name and a number, like hit@1=0.9")
    return bars


def check(run: Run, bars: Mapping[str, float]) -> None:
    """Whether the run is complete and clears its bars.

    Raises:
        BarMissed: it does not; all that is wrong is in the message.
    """
    figures = run.figures()
    wrong = []
    if run.errors:
        first = run.errors[0]
        wrong.append(f"{len(run.errors)} questions could not be asked; the first: {first.seen.error}")
    for name, bar in bars.items():
        figure = figures.get(name)
        if figure is None:
            wrong.append(f"{name} was not measured, and its bar is {bar:g}")
        elif figure < bar:
            wrong.append(f"{name} is {figure:g}, below {bar:g}")
    if wrong:
        raise BarMissed("; ".join(wrong))
