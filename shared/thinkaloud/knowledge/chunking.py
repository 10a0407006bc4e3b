"""Documents -> chunks: along headings first, then paragraphs, then sentences, within a token budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from thinkaloud.knowledge.documents import Document
from thinkaloud.language import estimate_tokens, sentences

#: Estimated tokens. Small enough that a passage is about one thing, large enough to answer from.
CHUNK_TOKENS = 300
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")


@dataclass(frozen=True)
class Chunk:
    """A passage of a document. `section` is the path of headings above it, without the title."""

    position: int
    section: str
    text: str


def chunk(document: Document, budget: int = CHUNK_TOKENS) -> list[Chunk]:
    """The chunks of a document, in order. Together they hold all of its text but the headings."""
    chunks: list[Chunk] = []
    for section, body in _sections(document):
        for text in _packed(body, budget):
            chunks.append(Chunk(len(chunks), section, text))
    return chunks


def _sections(document: Document) -> Iterator[tuple[str, str]]:
    """(heading path, text below it), for Markdown; the whole text for anything else."""
    if document.media != "text/markdown":
        yield "", document.text
        return
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fenced = False
    for line in document.text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        yield _joined(path, document.title), "\n".join(lines).strip()
        lines = []
        level = len(heading.group(1))
        path = [*(step for step in path if step[0] < level), (level, heading.group(2))]
    yield _joined(path, document.title), "\n".join(lines).strip()


def _joined(path: list[tuple[int, str]], title: str) -> str:
    return " › ".join(heading for _, heading in path if heading != title)


def _packed(text: str, budget: int) -> Iterator[str]:
    """Paragraphs gathered up to the budget; one that alone is over it is cut between sentences."""
    gathered: list[str] = []
    size = 0
    for piece in _pieces(text, budget):
        tokens = estimate_tokens(piece)
        if gathered and size + tokens > budget:
            yield "\n\n".join(gathered)
            gathered, size = [], 0
        gathered.append(piece)
        size += tokens
    if gathered:
        yield "\n\n".join(gathered)


def _pieces(text: str, budget: int) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        if not paragraph.strip():
            continue
        if estimate_tokens(paragraph) <= budget:
            yield paragraph.strip()
        else:
            yield from _cut(paragraph, budget)


def _cut(paragraph: str, budget: int) -> Iterator[str]:
    """Runs of sentences within the budget; a sentence over it is cut by characters, as no better place is known."""
    run = ""
    for sentence in sentences(paragraph):
        # Latin sentences are joined by a space, Chinese ones by nothing.
        joined = f"{run} {sentence}" if run and run[-1].isascii() else run + sentence
        if run and estimate_tokens(joined) > budget:
            yield run
            joined = sentence
        while estimate_tokens(joined) > budget:
            yield joined[:budget]
            joined = joined[budget:]
        run = joined
    if run:
        yield run
