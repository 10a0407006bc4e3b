"""How a run of `thinkaloud ingest` looks: bars and a table on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args

from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from console.document_words import DocumentWords, reason
from console.ingest import State
from console.markdown import printable
from console.view import duration

if TYPE_CHECKING:
    from rich.console import Console

    from console.ingest import Outcome, Report, Stage
    from thinkaloud.language import Language

#: Rows of the table; beyond them only what has failed gets one.
MOST_ROWS = 40
_STYLES = {"ready": "green", "deleted": "green", "failed": "red"}


class JsonLines:
    """Each outcome on a line of its own, as it comes."""

    def begin(self, name: str) -> None:
        """Nothing yet."""

    def stage(self, name: str, stage: Stage, done: int = 0, total: int | None = None) -> None:
        """Only outcomes are told."""

    def end(self, outcome: Outcome) -> None:
        """Print it."""
        print(json.dumps(asdict(outcome), ensure_ascii=False), flush=True)


class Lines(JsonLines):
    """A line for each outcome, for logs."""

    def __init__(self, console: Console, words: DocumentWords, language: Language) -> None:
        self._console = console
        self._words = words
        self._language: Language = language

    def end(self, outcome: Outcome) -> None:
        """Say it."""
        said = [getattr(self._words, outcome.state), outcome.name, _detail(outcome, self._words, self._language)]
        line = "  ".join(filter(None, said))
        self._console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


class _Bar(BarColumn):
    """A bar that only moves to and fro while nobody knows how far it is."""

    def render(self, task: Task) -> ProgressBar:
        bar = super().render(task)
        bar.pulse = bool(task.fields["unknown"])
        return bar


class Bars:
    """A bar for all files, and one for each that is under way."""

    def __init__(self, console: Console, words: DocumentWords, total: int) -> None:
        self._words = words
        self._bars: dict[str, TaskID] = {}
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            _Bar(bar_width=24),
            TextColumn("{task.fields[said]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._total = total
        said = f"0/{total}" if total else ""
        self._all = self.progress.add_task(words.overall, total=total or 1, said=said, unknown=not total)

    def begin(self, name: str) -> None:
        """Open its bar."""
        self._bars[name] = self.progress.add_task(_shortened(name), total=1, said="", unknown=True)

    def stage(self, name: str, stage: Stage, done: int = 0, total: int | None = None) -> None:
        """Move its bar."""
        if stage == "reading" and done and not total:
            said = self._words.so_far.format(done)
        else:
            said = getattr(self._words, stage) + (f" {done * 100 // total}%" if total else "")
        # A bar that is full counts as finished, and its clock stops.
        done, total = (min(done, total - 1), total) if total else (0, 1)
        self.progress.update(self._bars[name], total=total, completed=done, said=said, unknown=total == 1)

    def end(self, outcome: Outcome) -> None:
        """Take its bar away."""
        bar = self._bars.pop(outcome.name, None)
        if bar is not None:
            self.progress.remove_task(bar)
        self.progress.advance(self._all)
        done = int(self.progress.tasks[0].completed)
        self.progress.update(self._all, said=f"{done}/{self._total}" if self._total else str(done))


def table(outcomes: Sequence[Outcome], words: DocumentWords, language: Language) -> Table | None:
    """What became of each file, or where they are many of each that failed; None where there is nothing to tell."""
    shown = [outcome for outcome in outcomes if outcome.state == "failed"] if len(outcomes) > MOST_ROWS else outcomes
    if not shown:
        return None
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(words.file, overflow="fold", ratio=2)
    made.add_column(words.outcome, no_wrap=True)
    made.add_column(words.detail, overflow="fold", ratio=3)
    made.add_column(words.seconds, justify="right", no_wrap=True)
    for outcome in sorted(shown, key=lambda outcome: outcome.name):
        made.add_row(
            Text(printable(outcome.name)),
            Text(getattr(words, outcome.state), style=_STYLES.get(outcome.state, "dim")),
            Text(printable(_detail(outcome, words, language))),
            Text(duration(outcome.seconds), style="dim"),
        )
    if len(shown) < len(outcomes):
        made.add_row(Text(words.more.format(len(outcomes) - len(shown)), style="dim"), "", "", "")
    return made


def summary(report: Report, words: DocumentWords) -> str:
    """The run in a line."""
    counts = [report.count("ready"), report.chunks, report.count("unchanged"), report.count("deleted")]
    return words.summary.format(*counts, report.count("failed"))


def summary_line(report: Report) -> str:
    """The run as the last line of JSON."""
    counts = {state: report.count(state) for state in get_args(State)}
    return json.dumps({**counts, "chunks": report.chunks, "complete": report.complete})


def _detail(outcome: Outcome, words: DocumentWords, language: Language) -> str:
    if outcome.state == "failed":
        return reason(outcome.code, outcome.message, language)
    if outcome.chunks == 1:
        return words.chunk
    return words.chunks.format(outcome.chunks) if outcome.chunks else ""


def _shortened(name: str, room: int = 32) -> str:
    """The end of a name, which tells files of one folder apart."""
    shown = Text(printable(name))
    return shown.plain if len(shown.plain) <= room else f"…{shown.plain[-room + 1 :]}"
