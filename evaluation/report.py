"""A run, or two of them compared, as a person reads it: tables for the terminal, Markdown and HTML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from evaluation.comparing import Comparison
from evaluation.errors import RunError
from evaluation.metrics import rank
from evaluation.run import STAGES, Figures, Result, Run
from evaluation.saved import write_run
from evaluation.scores import METRICS, Metric

#: Failures that the Markdown report lists; the HTML report lists all.
LISTED = 40
#: Groups of questions, in the order of columns; the first is all of them.
_GROUPS = {"": "all", "en": "English", "zh": "Chinese", "follow_up": "follow-ups", "unrewritten": "not rewritten"}
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Table:
    """A heading for each column, and rows of text; the first column names the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Failure:
    """A question that did not end as it should have, and how; `weight` is greater the worse that is."""

    result: Result
    weight: int
    what: str

    @property
    def found(self) -> str:
        """What retrieval put first instead."""
        return next(iter(self.result.seen.ranking), "nothing")


def quality(run: Run, figures: Figures) -> Table:
    """The figures of quality, a column for each group of questions; without those that nothing measured."""
    groups = [group for group in _GROUPS if f"{group}/hit@1".lstrip("/") in figures]
    rows = []
    for metric in METRICS:
        cells = [figures.get(f"{group}/{metric.name}".lstrip("/")) for group in groups]
        if any(cell is not None for cell in cells):
            rows.append((_label(metric, run), *map(share, cells)))
    return Table(("", *(_GROUPS[group] for group in groups)), tuple(rows))


def durations(figures: Figures) -> Table:
    """Milliseconds by stage, p50 and p95, of the questions that were asked one at a time."""
    rows = [
        (stage.replace("_", " "), *(f"{figures[f'{stage}_{part}_ms']:.1f}" for part in ("p50", "p95")))
        for stage in STAGES
        if figures.get(f"{stage}_p50_ms") is not None
    ]
    return Table(("ms", "p50", "p95"), tuple(rows))


def failures(run: Run) -> list[Failure]:
    """What went wrong, the worst kind first."""
    found = [failure for result in run.results if (failure := _failure(result)) is not None]
    return sorted(found, key=lambda failure: -failure.weight)


def differences(comparison: Comparison) -> Table:
    """Both runs' figures and what to make of the difference: a star where chance is an unlikely reason."""
    rows = [
        (
            item.metric.label,
            share(item.before),
            share(item.after),
            f"{item.change:+.4f}{'*' if item.certain else ''}",
            f"{item.low:+.3f} {item.high:+.3f}",
            f"{item.better}/{item.worse}",
            f"{item.p:.3f}",
        )
        for item in comparison.differences
    ]
    return Table(("", "before", "after", "change", "95 % interval", "up/down", "p"), tuple(rows))


def share(value: float | None) -> str:
    """A figure for a table."""
    return "-" if value is None else f"{value:.4f}"


def write_report(run: Run, folder: Path) -> list[Path]:
    """Write `report.md`, `report.html` and `run.json`, which a later run can be compared with; their paths.

    Raises:
        RunError: the folder cannot be written to.
    """
    figures = run.figures()
    facts = {
        "run": run,
        "figures": figures,
        "quality": quality(run, figures),
        "durations": durations(figures),
        "metrics": METRICS,
        "failures": failures(run),
        "listed": LISTED,
    }
    _write(folder, "report", facts)
    write_run(run, folder / "run.json")
    return [folder / name for name in ("report.md", "report.html", "run.json")]


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write `comparison.md` and `comparison.html`; their paths.

    Raises:
        RunError: the folder cannot be written to.
    """
    facts = {"comparison": comparison, "differences": differences(comparison), "listed": LISTED}
    return _write(folder, "comparison", facts)


def _write(folder: Path, name: str, facts: dict[str, Any]) -> list[Path]:
    paths = [folder / f"{name}.md", folder / f"{name}.html"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            path.write_text(_environment().get_template(f"{path.name}.j2").render(facts), encoding="utf-8")
    except OSError as error:
        raise RunError(f"{folder} cannot be written to: {error.strerror or error}") from None
    return paths


@cache
def _environment() -> Environment:
    """Templates; HTML is escaped by itself, and `cell` makes any text fit into a Markdown table."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment


def _cell(text: object) -> str:
    """Text from a set or a model as one Markdown table cell, in which nothing is markup."""
    line = " ".join(str(text).split())
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|!$~" else character for character in line)


def _label(metric: Metric, run: Run) -> str:
    by = f" ({run.measure})" if metric.name in ("faithfulness", "relevance") else ""
    return metric.label + by


def _failure(result: Result) -> Failure | None:
    case, seen = result.case, result.seen
    if seen.error:
        return Failure(result, 5, f"error: {seen.error}")
    if not case.answerable:
        return None if seen.abstained else Failure(result, 4, "answered, though the documents do not")
    found = rank(seen.ranking, case.places)
    if found is None:
        return Failure(result, 3, "place not found")
    if seen.abstained:
        return Failure(result, 2, "abstained, though the documents answer it")
    if seen.reply is not None and not any(citation.place in case.places for citation in seen.reply.citations):
        return Failure(result, 1, "cites other places")
    return Failure(result, 0, f"place ranked {found}") if found > 1 else None
