"""What is said where the documents do not answer: that they do not, and which of them come closest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.retrieval.search import Retrieval
from thinkaloud.language import Language

#: Documents that are named.
CLOSEST = 3
_UNCOVERED: dict[Language, str] = {
    "en": "The documents do not answer this question.",
    "zh": "现有资料没有回答这个问题。",
}
_CLOSEST: dict[Language, str] = {"en": " Closest to it: {}.", "zh": "内容最接近的是：{}。"}
_NAMED: dict[Language, tuple[str, str]] = {"en": ("{} [{}]", ", "), "zh": ("《{}》[{}]", "、")}
#: What a title could be taken for Markdown, or for a marker, by.
_MARKUP = re.compile(r"[\[\]()<>*_`#|\\!\s]+")


def closest(found: Retrieval) -> list[Match]:
    """The best passage of each of the closest documents, best first."""
    best: dict[str, Match] = {}
    candidates = [Match(candidate.passage, candidate.score) for candidate in found.candidates]
    for match in [*found.matches, *candidates]:
        best.setdefault(match.passage.document, match)
    return list(best.values())[:CLOSEST]


def uncovered(matches: Sequence[Match], language: Language) -> str:
    """That the documents do not answer, naming these, whose markers count from 1."""
    words = _UNCOVERED[language]
    if not matches:
        return words
    form, joint = _NAMED[language]
    names = (form.format(_plain(match.passage.title), number) for number, match in enumerate(matches, start=1))
    return words + _CLOSEST[language].format(joint.join(names))


def _plain(title: str) -> str:
    return _MARKUP.sub(" ", title).strip() or "…"
