"""Markdown: headings, paragraphs, tables and fenced code, as CommonMark and GitHub's tables have them.

https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/#tables-extension-
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS, Block
from thinkaloud.knowledge.documents.encoding import text_lines
from thinkaloud.knowledge.documents.plain import cleaned, cut
from thinkaloud.language import normalise

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(?:(=+)|-{3,})\s*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_DELIMITER = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$")


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of a Markdown file."""
    return parsed(text_lines(path))


def title(path: Path) -> str:
    """The first heading of level 1, wherever it stands; empty where there is none."""
    found = (block.text for block in blocks(path) if block.kind == "heading" and block.level == 1)
    return next(found, "")


def parsed(lines: Iterable[str]) -> Iterator[Block]:
    """The blocks of lines of Markdown. What is at the top between two lines of --- is about the file, and skipped."""
    parser = _Parser()
    for line in _without_front_matter(lines):
        yield from parser.feed(line.rstrip("\r\n"))
    yield from parser.end()


class _Parser:
    """Gathers lines into the block they belong to, and gives it out when it ends."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._fence = ""
        self._header: list[str] = []

    def feed(self, line: str) -> Iterator[Block]:
        if self._fence:
            yield from self._code(line)
        elif self._header and "|" in line:
            yield from self._row(line)
        else:
            yield from self._other(line)

    def end(self) -> Iterator[Block]:
        """What was gathered, as the kind of block it turned out to be."""
        text, header = "\n".join(self._lines), self._header
        kind: str = "code" if self._fence else "table" if header else "text"
        self._lines, self._size, self._header = [], 0, []
        if kind == "text":
            yield from (Block("text", piece) for piece in cleaned(cut(text)))
        elif kind == "code":
            yield from (Block("code", piece) for piece in cleaned([text]))
        elif normalise(text):
            yield Block("table", normalise(text))

    def _other(self, line: str) -> Iterator[Block]:
        heading = _HEADING.match(line)
        underline = _UNDERLINE.match(line) if len(self._lines) == 1 and not self._header else None
        opened = fence_after(line, "")
        if heading or opened or not line.strip() or self._header:
            yield from self.end()
        if heading:
            yield from self._heading(heading.group(2), len(heading.group(1)))
        elif underline:
            [text], self._lines = self._lines, []
            yield from self._heading(text, 1 if underline.group(1) else 2)
        elif self._lines and "|" in self._lines[-1] and _DELIMITER.match(line):
            first = self._lines.pop()
            yield from self.end()
            self._lines = self._header = [first.strip(), line.strip()]
            self._lines = list(self._header)
        elif line.strip():
            self._fence = opened
            yield from self._add(line)

    def _heading(self, text: str, level: int) -> Iterator[Block]:
        yield from (Block("heading", text, level) for text in cleaned([text]))

    def _code(self, line: str) -> Iterator[Block]:
        yield from self._add(line)
        after = fence_after(line, self._fence)
        if not after:
            yield from self.end()
        self._fence = after

    def _row(self, line: str) -> Iterator[Block]:
        if self._size + len(line) > BLOCK_CHARACTERS:
            header = self._header
            yield from self.end()
            self._header, self._lines = header, list(header)
        self._lines.append(line.strip())
        self._size += len(line)

    def _add(self, line: str) -> Iterator[Block]:
        if self._lines and self._size + len(line) > BLOCK_CHARACTERS:
            yield from self.end()
        self._lines.append(line)
        self._size += len(line)


def fence_after(line: str, fence: str) -> str:
    """The marks that opened the code block in which the next line stands; empty outside of one.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    found = _FENCE.match(line)
    if found is None:
        return fence
    marks, info = found.groups()
    if fence:
        return "" if marks.startswith(fence) and not info.strip() else fence
    return "" if "`" in info and marks[0] == "`" else str(marks)


def _without_front_matter(lines: Iterable[str]) -> Iterator[str]:
    """The lines after a block of YAML at the top, which must be closed and short to be one."""
    iterator = iter(lines)
    head = [next(iterator, "")]
    if head[0].strip() == "---":
        for line in iterator:
            head.append(line)
            if line.strip() == "---":
                head = []
                break
            if len(head) > 50 or not line.strip():
                break
    yield from head
    yield from iterator
