"""What the project promises of its own samples, on the local default: measured as anybody can, by `thinkaloud eval`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.console.command import THINKALOUD

SAMPLES = Path(__file__).parents[2] / "samples"


def measured(*arguments: str | Path) -> dict[str, Any]:
    """The figures of a run that asks no model."""
    command = [THINKALOUD, "eval", *map(str, arguments), "--retrieval-only", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_follow_ups_find_their_page_and_would_not_without_the_conversation() -> None:
    figures = measured(SAMPLES / "followups.jsonl")
    assert figures["questions"] == 40
    assert figures["hit@3"] >= 0.9
    assert figures["unrewritten/hit@3"] < 0.9


def test_what_the_handbook_does_not_answer_is_told_from_what_it_does(tmp_path: Path) -> None:
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    pages: dict[str, str] = {}
    for line in lines:
        pages.setdefault(json.loads(line)["page"], line)  # the first question of each page
    answered = tmp_path / "answered.jsonl"
    answered.write_text("\n".join(pages.values()), encoding="utf-8")
    figures = measured(answered, SAMPLES / "unanswerable.jsonl", "--corpus", SAMPLES / "handbook")
    assert figures["questions"] == len(pages) + 40
    assert figures["abstention_precision"] >= 0.85
    assert figures["abstention_recall"] >= 0.85
