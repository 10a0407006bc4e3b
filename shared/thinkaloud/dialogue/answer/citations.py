"""Markers like [1] in an answer -> citations of its sources."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from itertools import islice

from thinkaloud.dialogue.answer.markers import Marker, MarkerFilter
from thinkaloud.language import sentences
from thinkaloud.protocol.encode import json_size
from thinkaloud.protocol.frames import Citation

_MARKER = re.compile(r"\[(\d{1,3})\]")
_SENTENCE_BREAK = re.compile(r"[。！？!?\n]|\.\s")
#: Characters of a quote.
MAX_QUOTE = 300
#: Citations of an answer, and bytes of JSON that its quotes may take: `complete` has to fit into one 32 KB frame.
MAX_CITATIONS = 150
MAX_QUOTES = 14 * 1024


def find_citations(part: str, text: str, passages: Mapping[str, str]) -> tuple[Citation, ...]:
    """The markers of `text` that point to a passage (number -> its text), in order; others are left alone.

    An answer that cites more than anyone would read has only its first `MAX_CITATIONS`, and empty quotes once all of
    them are over `MAX_QUOTES`.
    """
    found = []
    room = MAX_QUOTES
    for marker in islice(_markers(text, passages), MAX_CITATIONS):
        start = utf16_length(text[: marker.start])
        quote = _best_sentence(_statement_before(text, marker.start), passages[marker.number])[:MAX_QUOTE]
        room -= json_size(quote)
        end = start + len(marker.number) + len("[]")
        found.append(Citation(part=part, start=start, end=end, source=marker.number, quote=quote if room >= 0 else ""))
    return tuple(found)


def _markers(text: str, passages: Mapping[str, str]) -> list[Marker]:
    scan = MarkerFilter(_Any())
    scan.feed(text)
    scan.end()
    return [marker for marker in scan.kept if marker.number in passages]


class _Any(Container[str]):
    """Holds every number, so that nothing is taken out and every place is that in the text itself."""

    def __contains__(self, number: object) -> bool:
        return True


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which is how JavaScript, Java and Swift index strings."""
    return len(text) + sum(character > "\uffff" for character in text)


def _statement_before(text: str, position: int) -> str:
    """The sentence that a marker at `position` closes."""
    before = _MARKER.sub("", text[:position]).rstrip().rstrip("。.！!？?")
    return _SENTENCE_BREAK.split(before)[-1]


def _best_sentence(statement: str, passage: str) -> str:
    """The sentence of the passage that shares most character pairs with the statement: works in both languages."""
    wanted = _pairs(statement)
    return max(sentences(passage) or [passage], key=lambda sentence: _overlap(wanted, _pairs(sentence)))


def _overlap(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other) or 1)


def _pairs(text: str) -> set[str]:
    folded = "".join(character for character in text.lower() if character.isalnum())
    return {folded[start : start + 2] for start in range(len(folded) - 1)}
