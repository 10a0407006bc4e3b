"""Documents -> chunks: along headings first, then paragraphs, then sentences, within a token budget."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from thinkaloud.knowledge.documents import Document
from thinkaloud.language import estimate_tokens, split_sentences

#: Estimated tokens. Small enough that a passage is about one thing, large enough to answer from.
CHUNK_TOKENS = 300
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)(?:\s+#+)?\s*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
#: What joins the paragraphs of a chunk, and how many estimated tokens it is.
_GAP = "\n\n"
_GAP_TOKENS = estimate_tokens(_GAP)


@dataclass(frozen=True)
class Chunk:
    """A passage of a document. `section` is the path of headings above it, without the title."""

    position: int
    section: str
    text: str


def chunk(document: Document, budget: int = CHUNK_TOKENS) -> list[Chunk]:
    """The chunks of a document, in order, none over the budget. Together they hold all of its text but the headings."""
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
    fence = ""
    for line in document.text.split("\n"):
        heading = None if fence else _HEADING.match(line)
        if heading is None:
            fence = _fence_after(line, fence)
            lines.append(line)
            continue
        yield _joined(path, document.title), "\n".join(lines).strip()
        lines = []
        level = len(heading.group(1))
        path = [*(step for step in path if step[0] < level), (level, heading.group(2))]
    yield _joined(path, document.title), "\n".join(lines).strip()


def _fence_after(line: str, fence: str) -> str:
    """The marks that opened the code block in which the next line stands; empty outside of one.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    found = _FENCE.match(line)
    if found is None:
        return fence
    marks, info = found.groups()
    if fence:
        return "" if marks.startswith(fence) and not info.strip() else fence
    return "" if "`" in info and marks[0] == "`" else marks


def _joined(path: list[tuple[int, str]], title: str) -> str:
    return " › ".join(heading for _, heading in path if heading != title)


def _packed(text: str, budget: int) -> Iterator[str]:
    """Paragraphs gathered up to the budget; one that alone is over it is cut between sentences."""
    gathered: list[str] = []
    size = 0
    for piece in _pieces(text, budget):
        tokens = estimate_tokens(piece)
        if gathered and size + _GAP_TOKENS + tokens > budget:
            yield _GAP.join(gathered)
            gathered, size = [], 0
        size += tokens + (_GAP_TOKENS if gathered else 0)
        gathered.append(piece)
    if gathered:
        yield _GAP.join(gathered)


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
    for sentence in split_sentences(paragraph):
        if estimate_tokens(run + sentence) > budget:
            yield from _stripped([run])
            run = ""
        run += sentence
        if estimate_tokens(run) > budget:
            # No character is more than one token.
            *full, run = (run[start : start + budget] for start in range(0, len(run), budget))
            yield from _stripped(full)
    yield from _stripped([run])


def _stripped(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces without outer white space, and without those that hold nothing else."""
    return (stripped for piece in pieces if (stripped := piece.strip()))
