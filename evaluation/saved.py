"""A run in a file: its figures under their names, and every question with its part in them.

{"kind": "thinkaloud evaluation", "hit@1": 0.93, ..., "run": {"name", "measure", "setup", "notes"}, "results": [...]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import RunError
from evaluation.metrics import Share, rank
from evaluation.run import Figures, Result, Run

KIND = "thinkaloud evaluation"
_BEGINNING = json.dumps({"kind": KIND}, indent=1).removesuffix("\n}").encode()


@dataclass(frozen=True)
class SavedResult:
    """One question of a saved run. `rank` is that of the expected place; None where it was not found, or is none."""

    id: str
    question: str
    language: str
    answer: str | None
    rank: int | None
    scores: Mapping[str, Share]


@dataclass(frozen=True)
class SavedRun:
    """A run as it was saved."""

    name: str
    figures: Figures
    setup: Mapping[str, str | int | float]
    results: Mapping[str, SavedResult]


def write_run(run: Run, path: Path) -> None:
    """Save a run. Only a run is ever overwritten, so that a file of questions named by mistake survives.

    Raises:
        RunError: something else is in the file, or it cannot be written.
    """
    check_target(path)
    try:
        path.write_text(json.dumps(_content(run), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from None


def check_target(path: Path) -> None:
    """Whether a run may be written there.

    Raises:
        RunError: something else is in the file.
    """
    if path.exists() and not is_run(path):
        raise RunError(f"{path} is there already and holds no run; name another file to write to")


def is_run(path: Path) -> bool:
    """Whether a file holds a run."""
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGINNING)) == _BEGINNING
    except OSError:
        return False


def read_run(path: Path) -> SavedRun:
    """Load a run.

    Raises:
        RunError: the file holds none.
    """
    try:
        return _saved(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RunError(f"{path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RunError(f"{path} holds no run; `thinkaloud eval SET --json FILE` writes one") from None


def as_saved(run: Run) -> SavedRun:
    """A run as it would come back from its file."""
    return _saved(_content(run))


def _content(run: Run) -> dict[str, Any]:
    return {
        "kind": KIND,
        **run.figures(),
        "run": {"name": run.name, "measure": run.measure, "setup": run.setup, "notes": run.notes},
        "results": [_record(result) for result in run.results],
    }


def _saved(content: Mapping[str, Any]) -> SavedRun:
    results = [_result(record) for record in content["results"]]
    figures = {name: value for name, value in content.items() if value is None or isinstance(value, int | float)}
    return SavedRun(content["run"]["name"], figures, content["run"]["setup"], {each.id: each for each in results})


def _record(result: Result) -> dict[str, Any]:
    case, seen = result.case, result.seen
    return {
        "id": case.id,
        "turns": case.turns,
        "language": case.language,
        "answerable": case.answerable,
        "places": sorted(case.places),
        "answers": case.answers,
        "searched": seen.searched,
        "ranking": seen.ranking,
        "rank": rank(seen.ranking, case.places),
        "score": seen.score,
        "covered": seen.covered,
        "abstained": seen.abstained,
        "answer": seen.reply.text if seen.reply else None,
        "citations": [citation.place for citation in seen.reply.citations] if seen.reply else [],
        "error": seen.error,
        "scores": {name: [share.part, share.whole] for name, share in result.scores.items()},
    }


def _result(record: Mapping[str, Any]) -> SavedResult:
    return SavedResult(
        id=record["id"],
        question=record["turns"][-1],
        language=record["language"],
        answer=record["answer"],
        rank=record["rank"],
        scores={name: Share(float(part), float(whole)) for name, (part, whole) in record["scores"].items()},
    )
