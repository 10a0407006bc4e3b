"""A table of HTML: cells -> rows, with what spans several filled in; or a layout, which is no table at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.plain import cleaned, cut
from thinkaloud.knowledge.documents.table import TableBuilder

#: Rows held before a table is taken for one: what makes it a layout mostly comes early.
_HELD = 20
#: Characters of a cell. Nobody writes more into a table of data.
_CELL_CHARACTERS = 2_000
#: Columns and rows that a cell may be said to span; HTML allows 1,000 and 65,534.
_SPAN = 100


class HtmlTable:
    """Takes what a parser meets between `<table>` and `</table>`, and gives blocks out as they are complete."""

    def __init__(self, *, is_layout: bool) -> None:
        self._is_layout = is_layout
        self._builder = TableBuilder()
        self._held: list[list[str]] = []
        self._row: list[str] = []
        #: Column -> text that goes on into the rows below, and how many.
        self._below: dict[int, tuple[str, int]] = {}
        self._span: tuple[int, int] | None = None

    @property
    def in_cell(self) -> bool:
        """Whether text now belongs into a cell."""
        return self._span is not None

    def open(self, tag: str, attributes: Mapping[str, str]) -> Iterator[Block]:
        """A row or a cell begins."""
        if self._is_layout:
            return
        if tag == "tr":
            yield from self._end_row()
        else:
            self._fill()
            self._span = (_number(attributes.get("colspan")), _number(attributes.get("rowspan")))

    def close(self, text: str) -> Iterator[Block]:
        """The cell ends; `text` is what was in it."""
        if self._span is None:
            return
        columns, rows = self._span
        self._span = None
        for _ in range(columns):
            if rows > 1:
                self._below[len(self._row)] = (text, rows - 1)
            self._row.append(text)
        if len(text) > _CELL_CHARACTERS:
            yield from self.unfold()

    def unfold(self) -> Iterator[Block]:
        """It is a layout: what is held was never in rows. From here on its cells are paragraphs like any other."""
        texts = [text for row in [*self._held, self._row] for text in row]
        self._held, self._row, self._span, self._is_layout = [], [], None, True
        yield from self._builder.end()
        self._builder = TableBuilder()
        for text in texts:
            yield from (Block("text", piece) for piece in cleaned(cut(text)))

    def end(self) -> Iterator[Block]:
        """The table ends."""
        yield from self._end_row()
        if all(len(row) < 2 for row in self._held):
            yield from self.unfold()
        yield from self._commit()
        yield from self._builder.end()

    def _end_row(self) -> Iterator[Block]:
        self._fill()
        if self._row:
            self._held.append(self._row)
            self._row = []
        if len(self._held) > _HELD:
            yield from self._commit()

    def _commit(self) -> Iterator[Block]:
        for row in self._held:
            yield from self._builder.add(row)
        self._held = []

    def _fill(self) -> None:
        """What spans down from the rows above."""
        while (column := len(self._row)) in self._below:
            text, rows = self._below.pop(column)
            if rows > 1:
                self._below[column] = (text, rows - 1)
            self._row.append(text)


def _number(text: str | None) -> int:
    return min(int(text), _SPAN) if text and text.isascii() and text.isdigit() and int(text[:5]) > 0 else 1
