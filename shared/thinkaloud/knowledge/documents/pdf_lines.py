"""Characters of a page -> its lines and tables, in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from thinkaloud.knowledge.documents.pdf_page import Glyph, Page
from thinkaloud.knowledge.documents.pdf_tables import Grid, grids

#: The dots that lead from an entry of a table of contents to its page, and what becomes of them.
_LEADERS = re.compile(r"(?: ?[.．·…_]){4,} ?")
LEADER = " … "
#: Of a font's size: a gap between two words that is wider parts columns.
_COLUMN_GAP = 2.5
#: Of a font's size: how far a character may be off its line, being raised or lowered.
_OFF_LINE = 0.7
#: The share of a line's characters that are bold in a bold line; a line of text may begin with a bold word.
_BOLD = 0.8
#: Points between columns of text.
_GUTTER = 10.0
_MAX_DEPTH = 12
#: From so many parts of lines on, which are so long, a page has columns of text.
_COLUMN_LINES = 8
_COLUMN_CHARACTERS = 20


@dataclass(frozen=True)
class Line:
    """A line of text. `cells` are its parts, where wide gaps part it; `spans` are where those begin and end."""

    cells: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    is_bold: bool

    @property
    def text(self) -> str:
        """The whole line."""
        return "  ".join(self.cells)


@dataclass(frozen=True)
class Table:
    """A ruled table: its rows' texts, and where its columns are."""

    rows: list[list[str]]
    xs: tuple[float, ...]
    x0: float
    y0: float
    x1: float
    y1: float


Item = Line | Table


def items(page: Page) -> list[Item]:
    """What is on the page, in the order of the file, as long as that is one in which a page can be read."""
    tables = [grid for grid in grids(page) if _is_filled(grid, page.glyphs)]
    inside: list[dict[int, list[Glyph]]] = [{} for _ in tables]
    outside: list[Glyph] = []
    #: Of each table, how many characters outside of tables come before it.
    before: dict[int, int] = {}
    for glyph in page.glyphs:
        place, cell = _cell(tables, glyph)
        if cell is None:
            outside.append(glyph)
        else:
            before.setdefault(place, len(outside))
            inside[place].setdefault(cell, []).append(glyph)
    found: list[tuple[int, Item]] = list(_lines(outside))
    for place, grid in enumerate(tables):
        said = {cell: joined([line.text for _, line in _lines(glyphs)]) for cell, glyphs in inside[place].items()}
        rows = [row for row in grid.texts(said) if any(row)]
        box = (grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1])
        found.append((before[place], Table(rows, tuple(grid.xs), *box)))
    found.sort(key=lambda numbered: numbered[0])
    ordered = [item for _, item in found]
    if _is_in_columns(ordered):
        return _by_place([part for item in ordered for part in _parts(item)], _MAX_DEPTH)
    return ordered if _is_readable(ordered) else _by_place(ordered, _MAX_DEPTH)


def joined(texts: Iterable[str]) -> str:
    """Lines as one: a word that was parted is whole again, and Chinese needs no space."""
    whole = ""
    for text in texts:
        if whole.endswith("\xad"):
            whole = whole[:-1] + text
        elif whole.endswith("-") and whole[-2:-1].isalpha() and text[:1].islower():
            whole += text
        elif whole and text and not (_is_wide(whole[-1]) or _is_wide(text[0])):
            whole += f" {text}"
        else:
            whole += text
    return whole.replace("\xad", "")


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"


def _is_filled(grid: Grid, glyphs: Sequence[Glyph]) -> bool:
    """Whether there is text in several rows and columns; if not, the rules frame something that is no table."""
    cells = {grid.cell_at(glyph) for glyph in glyphs if glyph.text.strip()} - {None}
    places = [divmod(cell, grid.columns) for cell in cells if cell is not None]
    return len({row for row, _ in places}) > 1 and len({column for _, column in places}) > 1


def _cell(tables: Sequence[Grid], glyph: Glyph) -> tuple[int, int | None]:
    if glyph.text != "\n":
        for place, grid in enumerate(tables):
            if (cell := grid.cell_at(glyph)) is not None:
                return place, cell
    return 0, None


def _lines(glyphs: Sequence[Glyph]) -> Iterator[tuple[int, Line]]:
    """(place of its first character, line): it ends where PDFium says so, or where the next character is not on it."""
    start = 0
    last: Glyph | None = None
    for place, glyph in enumerate(glyphs):
        ends = glyph.text == "\n" or (last is not None and not _continues(last, glyph))
        if ends:
            yield from _line(glyphs[start:place], start)
            start = place
        last = None if glyph.text == "\n" else last if glyph.text == " " else glyph
    yield from _line(glyphs[start:], start)


def _continues(last: Glyph, glyph: Glyph) -> bool:
    """Whether a character is on the same line as the last one that is not a space."""
    if glyph.text == " ":
        return True
    size = max(last.size, glyph.size, 1.0)
    middle, last_middle = (glyph.y0 + glyph.y1) / 2, (last.y0 + last.y1) / 2
    return abs(middle - last_middle) < _OFF_LINE * size and glyph.x0 > last.x0 - 2 * size


def _line(glyphs: Sequence[Glyph], start: int) -> Iterator[tuple[int, Line]]:
    """The characters as a line, its size being that of most of them."""
    seen = [glyph for glyph in glyphs if glyph.text.strip()]
    if not seen:
        return
    cells, spans, last = [""], [(seen[0].x0, seen[0].x1)], seen[0]
    for glyph in glyphs:
        if glyph.text.strip():
            if glyph.x0 - last.x1 > _COLUMN_GAP * max(last.size, 1.0):
                cells.append("")
                spans.append((glyph.x0, glyph.x1))
            spans[-1] = (spans[-1][0], glyph.x1)
            last = glyph
        cells[-1] += glyph.text
    tidy = tuple(_LEADERS.sub(LEADER, " ".join(cell.split())) for cell in cells)
    box = (min(g.x0 for g in seen), min(g.y0 for g in seen), max(g.x1 for g in seen), max(g.y1 for g in seen))
    is_bold = sum(glyph.is_bold for glyph in seen) > _BOLD * len(seen)
    yield start, Line(tidy, tuple(spans), *box, median(glyph.size for glyph in seen), is_bold)


def _is_in_columns(found: Sequence[Item]) -> bool:
    """Whether the file goes across columns of text, a line of each in turn: its parts are too long for a table's."""
    parts = [len(cell) for item in found if isinstance(item, Line) and len(item.cells) > 1 for cell in item.cells]
    return len(parts) >= _COLUMN_LINES and median(parts) >= _COLUMN_CHARACTERS


def _parts(item: Item) -> list[Item]:
    """A line as the lines of the columns it goes across."""
    if isinstance(item, Table) or len(item.cells) < 2:
        return [item]
    parts = zip(item.cells, item.spans, strict=True)
    return [replace(item, cells=(cell,), spans=(span,), x0=span[0], x1=span[1]) for cell, span in parts]


def _is_readable(ordered: Sequence[Item]) -> bool:
    """Whether the file's order goes down the page; back up only to go on in another column, or for a head or a foot."""
    back = 0
    for one, other in pairwise(ordered):
        is_up = other.y0 > one.y1
        is_beside = other.x0 > one.x1 - _GUTTER or other.x1 < one.x0 + _GUTTER
        back += is_up and not is_beside
    return back <= max(2, len(ordered) // 10)


def _by_place(found: Sequence[Item], depth: int) -> list[Item]:
    """The items by where they stand: cut at gaps across the page, then between columns, and so on within those."""
    if len(found) > 1 and depth:
        for axis in (_across, _along):
            if (parts := axis(found)) and len(parts) > 1:
                return [item for part in parts for item in _by_place(part, depth - 1)]
    return sorted(found, key=lambda item: (-item.y1, item.x0))


def _along(found: Sequence[Item]) -> list[list[Item]]:
    """Parts one below the other, where nothing stands in the largest gap between them."""
    ordered = sorted(found, key=lambda item: -item.y1)
    bottom, gaps = ordered[0].y0, []
    for place, item in enumerate(ordered[1:], start=1):
        if item.y1 < bottom:
            gaps.append((bottom - item.y1, place))
        bottom = min(bottom, item.y0)
    if not gaps:
        return [ordered]
    cut = max(gaps)[1]
    return [ordered[:cut], ordered[cut:]]


def _across(found: Sequence[Item]) -> list[list[Item]]:
    """Columns: parts side by side with a gutter between them, all of them of several lines."""
    ordered = sorted(found, key=lambda item: item.x0)
    parts, right = [[ordered[0]]], ordered[0].x1
    for item in ordered[1:]:
        if item.x0 > right + _GUTTER:
            parts.append([])
        parts[-1].append(item)
        right = max(right, item.x1)
    return parts if all(len(part) > 1 for part in parts) else [list(found)]
