"""Straight lines that cross -> the grid of a table, and which of its cells a place is in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from thinkaloud.knowledge.documents.pdf_page import Glyph, Page, Rule

#: Points by which rules that belong together may miss each other.
_NEAR = 3.0
#: Rules of a page in one direction, cells of a table, tables of a page. More of them are a drawing.
_MAX_RULES = 1_000
_MAX_CELLS = 5_000
_MAX_TABLES = 50


class Grid:
    """The cells of one table. Cells with no rule between them are one, and their text belongs to the first."""

    def __init__(self, horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> None:
        self.xs = _lines([rule.at for rule in vertical] + [end for rule in horizontal for end in rule[1:]])
        self.ys = _lines([rule.at for rule in horizontal] + [end for rule in vertical for end in rule[1:]])
        self.columns, self.rows = len(self.xs) - 1, len(self.ys) - 1
        self._parents = list(range(max(self.columns * self.rows, 0)))
        if len(self._parents) <= _MAX_CELLS:
            self._merge(horizontal, vertical)

    @property
    def is_table(self) -> bool:
        """Whether there are several cells in both directions."""
        return self.columns > 1 and self.rows > 1 and len(self._parents) <= _MAX_CELLS

    def cell_at(self, glyph: Glyph) -> int | None:
        """The number of the cell in which a character stands; None where it is outside of the table."""
        column = bisect_right(self.xs, (glyph.x0 + glyph.x1) / 2) - 1
        row = bisect_right(self.ys, (glyph.y0 + glyph.y1) / 2) - 1
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        return self._root(row * self.columns + column)

    def texts(self, said: dict[int, str]) -> list[list[str]]:
        """The rows from the top. A cell that spans rows says its text in each; one that spans columns, in the first."""
        found = []
        for row in reversed(range(self.rows)):
            roots = [self._root(row * self.columns + column) for column in range(self.columns)]
            found.append([said.get(root, "") if root not in roots[:at] else "" for at, root in enumerate(roots)])
        return found

    def _merge(self, horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> None:
        for row, (bottom, top) in enumerate(pairwise(self.ys)):
            for column, (left, right) in enumerate(pairwise(self.xs)):
                cell = row * self.columns + column
                if column and not _is_ruled(vertical, left, (bottom + top) / 2):
                    self._parents[self._root(cell)] = self._root(cell - 1)
                if row and not _is_ruled(horizontal, bottom, (left + right) / 2):
                    self._parents[self._root(cell)] = self._root(cell - self.columns)

    def _root(self, cell: int) -> int:
        while self._parents[cell] != cell:
            self._parents[cell] = self._parents[self._parents[cell]]
            cell = self._parents[cell]
        return cell


def grids(page: Page) -> list[Grid]:
    """The tables that rules make on a page."""
    if max(len(page.horizontal), len(page.vertical)) > _MAX_RULES * 10:
        return []
    horizontal, vertical = _joined(page.horizontal), _joined(page.vertical)
    if max(len(horizontal), len(vertical)) > _MAX_RULES:
        return []
    found = (Grid(across, down) for across, down in _crossing(horizontal, vertical))
    return [grid for grid in found if grid.is_table][:_MAX_TABLES]


def _joined(rules: Sequence[Rule]) -> list[Rule]:
    """Rules without the seams between their pieces: each cell may have drawn its own."""
    places = _lines([rule.at for rule in rules])
    by_place: dict[float, list[Rule]] = {}
    for rule in rules:
        by_place.setdefault(places[bisect_right(places, rule.at) - 1], []).append(rule)
    found = []
    for at, pieces in by_place.items():
        pieces.sort(key=lambda rule: rule.start)
        start, end = pieces[0].start, pieces[0].end
        for piece in pieces[1:]:
            if piece.start > end + _NEAR:
                found.append(Rule(at, start, end))
                start = piece.start
            end = max(end, piece.end)
        found.append(Rule(at, start, end))
    return found


def _crossing(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """The rules in groups of those that meet, directly or through others."""
    left = set(range(len(vertical)))
    waiting = set(range(len(horizontal)))
    while waiting:
        across: list[Rule] = []
        down: list[Rule] = []
        stack = [(True, waiting.pop())]
        while stack:
            is_across, index = stack.pop()
            rule = horizontal[index] if is_across else vertical[index]
            (across if is_across else down).append(rule)
            others, rules = (left, vertical) if is_across else (waiting, horizontal)
            met = {other for other in others if _meet(rule, rules[other])}
            others -= met
            stack += [(not is_across, other) for other in met]
        if len(across) > 1 and len(down) > 1:
            yield across, down


def _meet(one: Rule, other: Rule) -> bool:
    return one.start - _NEAR <= other.at <= one.end + _NEAR and other.start - _NEAR <= one.at <= other.end + _NEAR


def _is_ruled(rules: Sequence[Rule], at: float, through: float) -> bool:
    return any(abs(rule.at - at) <= _NEAR and rule.start <= through <= rule.end for rule in rules)


def _lines(places: Sequence[float]) -> list[float]:
    """The places without those that are near another."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _NEAR:
            found.append(place)
    return found
