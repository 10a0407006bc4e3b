"""What `thinkaloud eval` does: runs and shows. Figures go to standard output, everything else to standard error."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from console.dev import read_env
from console.eval import STDOUT
from console.local import project_folder
from console.markdown import printable
from evaluation import report
from evaluation.comparing import compare
from evaluation.datasets import EvaluationSet, read_set
from evaluation.errors import BarMissed, RunError
from evaluation.judge import Judge
from evaluation.measuring import Plan, measure
from evaluation.run import Run
from evaluation.saved import read_run, write_run
from evaluation.scratch import Scratch, judging_model

#: The questions of `--sample` are the same each time, so that two runs can be compared.
_SEED = 4
#: Questions that became worse, as many as the terminal lists.
_LISTED = 10


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
    chosen = _chosen(read_set(sets, corpus), wishes)
    return asyncio.run(_run(chosen, wishes, {**read_env(project_folder() / ".env"), **os.environ}))


async def _run(chosen: EvaluationSet, wishes: Wishes, environ: Mapping[str, str]) -> Run:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _quiet():
        async with Scratch(environ) as services:
            model = judging_model(environ) if wishes.answers else None
            judge = Judge(model) if model else None
            plan = Plan(wishes.answers, wishes.at_once, judge)
            with Progress(*columns, console=console) as progress:
                return await measure(chosen, services, plan, Bar(progress))


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


def show(run: Run, json_file: str | None, folder: Path | None) -> None:
    """The figures to standard output, as JSON or as tables; files where they are asked for.

    Raises:
        RunError: a file cannot be written.
    """
    if folder is not None:
        for path in report.write_report(run, folder):
            print(f"wrote {path}", file=sys.stderr)
    if json_file not in (None, STDOUT):
        write_run(run, Path(json_file))
    figures = run.figures()
    for note in run.notes:
        print(printable(note), file=sys.stderr)
    if json_file == STDOUT:
        print(json.dumps({**figures, "judged_by": run.measure}))
        return
    console = Console()
    _print(console, f"{run.name}: {len(run.results)} questions", report.quality(run, figures))
    _print(console, "Durations", report.durations(figures))
    facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in run.setup.items())
    console.print(printable(facts), style="dim", markup=False, highlight=False)


def compare_runs(paths: Sequence[Path], folder: Path | None) -> None:
    """Show what differs between two saved runs.

    Raises:
        RunError: one of them is none, or they have nothing in common.
    """
    if len(paths) != 2:
        raise RunError(f"--compare takes two runs, before and after; {len(paths)} are given")
    before, after = (read_run(path / "run.json" if path.is_dir() else path) for path in paths)
    found = compare(before, after)
    if folder is not None:
        for path in report.write_comparison(found, folder):
            print(f"wrote {path}", file=sys.stderr)
    console = Console()
    _print(console, f"{before.name}: {found.common} questions in both runs", report.differences(found))
    console.print(f"{len(found.worse)} questions became worse", highlight=False)
    for change in found.worse[:_LISTED]:
        said = f"  {change.before.question}  ({', '.join(change.worse)})"
        console.print(printable(said), markup=False, highlight=False)


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


def _print(console: Console, title: str, shown: report.Table) -> None:
    if not shown.rows:
        return
    table = Table(title=Text(printable(title)), title_justify="left", title_style="bold")
    for number, column in enumerate(shown.columns):
        table.add_column(Text(column), justify="right" if number else "left")
    for row in shown.rows:
        table.add_row(*map(Text, row))
    console.print(table)
