"""Markers like [1] in an answer, while it streams: those that point to nothing are taken out before anybody sees them.

What only looks like a marker is left alone: code, Markdown links and their definitions (`[1](https://...)`), check
boxes, `\\[1]`. Text is held back only while it may still become a marker: an open bracket with up to four characters,
and the blanks before it, which go with a marker that goes.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

#: What a model writes for a marker, `[12]`, and what it makes of one by mistake, `[12a]`.
_MARKER = re.compile(r"\[(\d{1,3}[A-Za-z]?)\]")
_BEGUN = re.compile(r"\[(?:\d{1,3}[A-Za-z]?)?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
#: Characters of a line that are enough to see whether it opens or closes a code block.
_LINE = 80


@dataclass(frozen=True)
class Marker:
    """A marker that stands in the text: where it begins, in characters, and the passage's number."""

    start: int
    number: str


class MarkerFilter:
    """Lets an answer through but for the markers that are not in `known`.

    `kept` are the markers that stand in what came out, and `removed` those that were taken out, without brackets.
    """

    def __init__(self, known: Container[str]) -> None:
        self.kept: list[Marker] = []
        self.removed: list[str] = []
        self._known = known
        self._held = ""
        self._out: list[str] = []
        self._length = 0
        self._code = _Code()

    def feed(self, delta: str) -> str:
        """What can be shown of the text so far and was not yet: maybe nothing."""
        for character in delta:
            self._take(character)
        return self._shown()

    def end(self) -> str:
        """What was held back; the text is over."""
        self._settle("")
        return self._shown()

    def _take(self, character: str) -> None:
        if self._held:
            open_bracket = self._held.lstrip(" ")
            if not open_bracket and character in " [":
                self._held += character
                return
            if open_bracket and (
                _BEGUN.fullmatch(open_bracket + character) or _MARKER.fullmatch(open_bracket + character)
            ):
                self._held += character
                return
            self._settle(character)
        if character in " [" and not self._code.inside and not (character == "[" and self._code.escaped):
            self._held = character
        else:
            self._put(character)

    def _settle(self, following: str) -> None:
        """Decide about what is held, now that it is known what comes after it."""
        held, self._held = self._held, ""
        blanks = len(held) - len(held.lstrip(" "))
        marker = _MARKER.fullmatch(held[blanks:])
        defines = following == ":" and not self._code.line.strip()
        if marker is None or defines or following == "(":
            self._put(held)
        elif marker.group(1) in self._known:
            self._put(held[:blanks])
            self.kept.append(Marker(self._length, marker.group(1)))
            self._put(marker.group())
        else:
            self.removed.append(marker.group(1))

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._length += len(text)
        for character in text:
            self._code.see(character)

    def _shown(self) -> str:
        shown = "".join(self._out)
        self._out.clear()
        return shown


class _Code:
    """Whether the text stands in code: between backticks on one line, or in a fenced block.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """

    def __init__(self) -> None:
        self.escaped = False
        self._fence = ""
        self._line = ""
        self._open = 0
        self._run = 0

    @property
    def inside(self) -> bool:
        """Whether the next character is code, unless it is one more backtick."""
        return bool(self._fence or self._after_run())

    @property
    def line(self) -> str:
        """The line so far."""
        return self._line

    def _after_run(self) -> int:
        """How many backticks would close the code that is open: a run opens some, or closes what as long a run has."""
        if not self._run:
            return self._open
        return (0 if self._open == self._run else self._open) if self._open else self._run

    def see(self, character: str) -> None:
        """Take in the next character."""
        self.escaped = character == "\\" and not self.escaped
        if character == "`":
            self._run += 1
        else:
            self._open, self._run = self._after_run(), 0
        if character != "\n":
            self._line = (self._line + character)[:_LINE]
            return
        self._open = 0
        found = _FENCE.fullmatch(self._line)
        self._line = ""
        if found is None:
            return
        marks, info = found.groups()
        if not self._fence:
            self._fence = "" if marks[0] == "`" and "`" in info else marks
        elif marks.startswith(self._fence) and not info.strip():
            self._fence = ""
