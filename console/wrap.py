"""Line breaks for text that mixes Chinese and Latin script.

rich breaks lines at white space alone, so that a run of Chinese that does not fit moves to the next line as a whole
and leaves most of a line empty. Chinese breaks between any two characters, except before closing and after opening
punctuation (W3C, Requirements for Chinese Text Layout, 3.1.5: https://www.w3.org/TR/clreq/#prohibition_rules).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells
from rich.containers import Lines
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod, OverflowMethod

_OPENING = "（「『《〈【〔“‘(\\["
_CLOSING = "，。、；：！？）」』》〉】〕”’…—·～,.;:!?)\\]%"
_WIDE = "\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0003fffd"
#: The pieces between which a line may break: a wide character or a word, with the punctuation that clings to it.
_UNIT = re.compile(rf"[{_OPENING}]*(?:[^\s{_OPENING}{_WIDE}]+|[{_WIDE}])[{_CLOSING}]*\s*|\S\s*|\s+")
_HAS_WIDE = re.compile(f"[{_WIDE}]")


def break_points(line: str, width: int) -> list[int]:
    """Where to break `line` so that no piece is wider than `width` cells; indices of characters, ascending."""
    points: list[int] = []
    used = 0
    for unit in _UNIT.finditer(line):
        start, piece = unit.start(), unit.group()
        if used and used + cell_len(piece.rstrip()) > width:
            points.append(start)
            used = 0
        rows = chop_cells(piece, width) if cell_len(piece.rstrip()) > width else [piece]
        for row in rows[:-1]:
            start += len(row)
            points.append(start)
        used += cell_len(rows[-1])
    return points


class ReadingText(Text):
    """A text that wraps as both scripts are read."""

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        """As `Text.wrap`, after lines with wide characters were broken between them."""
        lines = Lines()
        for line in self.split(allow_blank=True):
            points = [] if no_wrap or not _HAS_WIDE.search(line.plain) else break_points(line.plain, width)
            for piece in line.divide(points):
                piece.rstrip_end(width)
                wrapped = Text.wrap(
                    piece, console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap
                )
                lines.extend(wrapped)
        return lines
