"""The follow-ups and the questions without an answer are what the README says of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from thinkaloud.language import language_of

SAMPLES = Path(__file__).parents[2] / "samples"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["followups.jsonl", "unanswerable.jsonl"])
def test_there_are_twenty_a_language_and_none_twice(name: str) -> None:
    found = lines(name)
    assert Counter(line["language"] for line in found) == {"en": 20, "zh": 20}
    assert len({json.dumps(line.get("turns", line.get("question"))) for line in found}) == len(found)


@pytest.mark.parametrize("line", lines("followups.jsonl"), ids=lambda line: line["turns"][-1])
def test_a_follow_up_names_a_page_of_its_language(line: dict[str, Any]) -> None:
    first, then = line["turns"]
    assert language_of(first) == language_of(then) == line["language"]
    assert (SAMPLES / line["document"]).is_file()
    assert f"/{line['language']}/" in line["document"]


@pytest.mark.parametrize("line", lines("unanswerable.jsonl"), ids=lambda line: line["question"])
def test_what_has_no_answer_says_so_and_is_asked_nowhere_else(line: dict[str, Any]) -> None:
    assert line["answerable"] is False
    assert language_of(line["question"]) == line["language"]
    assert line["question"] not in [other["question"] for other in lines("questions.jsonl")]
