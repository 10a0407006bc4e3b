"""The running text of a page: pieces as a parser calls them out -> lines as they would be read."""

from __future__ import annotations

import re

_SPACE = re.compile(r"\s+")
#: Levels of a list that are told apart by their indent.
_INDENTS = 8
_SPACES_INSIDE = re.compile(r"(?<=\S) {2,}")


class Flow:
    """Gathers a paragraph, or the lines of a list."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._mark = False
        self.size = 0

    def add(self, text: str, *, exactly: bool = False) -> None:
        """Text; white space counts only where it is to be kept `exactly`."""
        self._pieces.append(text if exactly else _SPACE.sub(" ", text))
        self._mark = self._mark and not text.strip()
        self.size += len(text)

    def line(self) -> None:
        """A new line, but not between the mark of a list's item and its text."""
        if not self._mark:
            self._pieces.append("\n")

    def item(self, depth: int, mark: str) -> None:
        """A new item of a list, `depth` levels down."""
        self._pieces.append("\n" + "  " * min(depth - 1, _INDENTS) + mark + " ")
        self._mark = True

    def take(self, *, exactly: bool = False) -> str:
        """What was gathered, tidied unless it is to be kept `exactly`; the next paragraph begins."""
        text = "".join(self._pieces)
        self._pieces, self._mark, self.size = [], False, 0
        if exactly:
            return text.strip("\r\n")
        lines = (line.rstrip() if line.startswith("  ") else line.strip() for line in text.split("\n"))
        return "\n".join(_SPACES_INSIDE.sub(" ", line) for line in lines if line.strip())
