"""Shows what an evaluation came to: figures to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.eval import STDOUT
from console.markdown import printable
from evaluation import report
from evaluation.comparing import Comparison, compare
from evaluation.errors import RunError
from evaluation.run import Run
from evaluation.saved import as_saved, check_target, read_run, write_run
from localcloud.providers import LOCAL_CHAT

#: Questions that became worse, as many as the terminal lists.
_LISTED = 10


def check_targets(json_file: str | None, folder: Path | None) -> None:
    """Whether a run may be written where it is wanted: to be known before it is made.

    Raises:
        RunError: something else is there.
    """
    if json_file is not None and json_file != STDOUT:
        check_target(Path(json_file))
    if folder is not None:
        check_target(folder / "run.json")


def show(run: Run, json_file: str | None, folder: Path | None) -> None:
    """The figures to standard output, as JSON or as tables; files where they are asked for.

    Raises:
        RunError: a file cannot be written.
    """
    if folder is not None:
        for path in report.write_report(run, folder):
            print(f"wrote {path}", file=sys.stderr)
    if json_file is not None and json_file != STDOUT:
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
    _print_comparison(Console(), found)


def show_versions(runs: Sequence[Run], folder: Path | None, *, as_json: bool) -> None:
    """What each version changes against the first, to standard output.

    Raises:
        RunError: a file cannot be written.
    """
    base, *others = [as_saved(run) for run in runs]
    comparisons = [compare(base, other) for other in others]
    if folder is not None:
        for run in runs:
            report.write_report(run, folder / str(run.setup["prompt"]))
        for run, found in zip(runs[1:], comparisons, strict=True):
            report.write_comparison(found, folder / str(run.setup["prompt"]))
        print(f"wrote {folder}", file=sys.stderr)
    if runs[0].setup["chat"] == LOCAL_CHAT:
        print("The local model quotes and heeds no prompt, so that versions cannot differ with it.", file=sys.stderr)
    if as_json:
        print(json.dumps({run.setup["prompt"]: run.figures() for run in runs}))
        return
    console = Console()
    for found in comparisons:
        _print_comparison(console, found)


def _print_comparison(console: Console, found: Comparison) -> None:
    title = f"{found.before.name} -> {found.after.name}, the {found.common} questions in both"
    _print(console, title, report.differences(found))
    console.print(f"{len(found.worse)} questions became worse", highlight=False)
    for change in found.worse[:_LISTED]:
        said = f"  {change.before.question}  ({', '.join(change.worse)})"
        console.print(printable(said), markup=False, highlight=False)


def _print(console: Console, title: str, shown: report.Table) -> None:
    if not shown.rows:
        return
    console.print(Text(f"\n{printable(title)}", style="bold"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for number, column in enumerate(shown.columns):
        table.add_column(Text(column), justify="right" if number else "left")
    for row in shown.rows:
        table.add_row(*map(Text, row))
    console.print(table)
