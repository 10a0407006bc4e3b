"""Passages -> what a client sees of them, within one frame."""

from __future__ import annotations

from collections.abc import Sequence

from thinkaloud.knowledge.index import Match
from thinkaloud.language import shortened
from thinkaloud.protocol.frames import SourceDocument

#: Estimated tokens of a source's snippet: as many in Chinese as in English, so that both cost the same to keep.
SNIPPET_TOKENS = 150
#: Characters of a source's snippet, and of all of a turn: with titles, they stay below one 32 KB frame.
SNIPPET = 600
SNIPPETS = 6_000


def source_documents(matches: Sequence[Match]) -> tuple[SourceDocument, ...]:
    """The matches as sources, numbered from 1."""
    length = min(SNIPPET, SNIPPETS // max(1, len(matches)))
    return tuple(_document(str(number), match, length) for number, match in enumerate(matches, start=1))


def _document(number: str, match: Match, length: int) -> SourceDocument:
    passage = match.passage
    snippet = shortened(passage.text, SNIPPET_TOKENS)
    if len(snippet) > length:  # a table's spaces are no tokens
        snippet = snippet[: length - 1] + "…"
    return SourceDocument(
        id=number,
        title=passage.title,
        uri=passage.uri,
        media=passage.media,
        score=round(match.score, 4),
        snippet=snippet,
        section=passage.section or None,
        page=passage.page,
    )
