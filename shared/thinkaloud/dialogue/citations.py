"""Markers like [1] in an answer -> citations of its sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

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
    markers = (marker for marker in _MARKER.finditer(text) if marker.group(1) in passages)
    found = []
    room = MAX_QUOTES
    for marker in islice(markers, MAX_CITATIONS):
        source = marker.group(1)
        start = utf16_length(text[: marker.start()])
        quote = _best_sentence(_statement_before(text, marker.start()), passages[source])[:MAX_QUOTE]
        room -= json_size(quote)
        found.append(
            Citation(
                part=part, start=start, end=start + len(marker.group()), source=source, quote=quote if room >= 0 else ""
            )
        )
    return tuple(found)


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
