"""Rows -> blocks: a Markdown table, in parts that each begin with its header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS, Block
from thinkaloud.knowledge.documents.plain import cleaned, cut
from thinkaloud.language import normalise

#: Characters of a header that may be repeated; under a longer one, each row says its columns instead.
_HEADER_CHARACTERS = 400


def table(rows: Iterable[Sequence[str]], page: int | None = None) -> Iterator[Block]:
    """The blocks of a table, of which no more than one is held."""
    builder = TableBuilder(page)
    for row in rows:
        yield from builder.add(row)
    yield from builder.end()


class TableBuilder:
    """Takes rows as they come. The first with more than one text is the header; a text alone in its row is a line.

    A table too wide for its header to be repeated becomes a paragraph for each row, of lines `column: value`.
    """

    def __init__(self, page: int | None = None) -> None:
        self._page = page
        self._alone: list[str] = []
        self._header: list[str] = []
        self._wide = False
        self._rows = 0
        self._lines: list[str] = []
        self._size = 0

    def add(self, row: Sequence[str]) -> Iterator[Block]:
        """The blocks that are complete, now that a row comes. Empty rows are nothing."""
        cells = [" ".join(normalise(cell).split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            return
        if self._header:
            yield from self._row(cells)
        elif len(set(filter(None, cells))) == 1:
            self._alone.append(cells[-1])
            self._size += len(cells[-1])
            if self._size > BLOCK_CHARACTERS:
                yield from self._paragraph()
        else:
            yield from self._paragraph()
            self._header = cells
            self._wide = sum(len(cell) + 3 for cell in cells) > _HEADER_CHARACTERS

    def end(self) -> Iterator[Block]:
        """The last block, if any."""
        if not self._header:
            yield from self._paragraph()
        elif not self._wide and (self._lines or not self._rows):
            head = [_line(self._header), _line(["---"] * len(self._header))]
            yield Block("table", "\n".join([*head, *self._lines]), page=self._page)
        elif not self._rows:
            yield from self._text(", ".join(filter(None, self._header)))
        self._lines, self._size = [], 0

    def turn(self, page: int) -> Iterator[Block]:
        """The rows from here on stand on another page."""
        if self._lines or not self._header:
            yield from self.end()
        self._page = page

    def _row(self, cells: list[str]) -> Iterator[Block]:
        self._rows += 1
        if self._wide:
            names = [*self._header, *[""] * len(cells)]
            said = (f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=False) if cell)
            yield from self._text("\n".join(said))
            return
        line = _line([*cells, *[""] * (len(self._header) - len(cells))])
        if self._lines and self._size + len(line) > BLOCK_CHARACTERS:
            yield from self.end()
        self._lines.append(line)
        self._size += len(line)

    def _paragraph(self) -> Iterator[Block]:
        yield from self._text("\n".join(self._alone))
        self._alone, self._size = [], 0

    def _text(self, text: str) -> Iterator[Block]:
        yield from (Block("text", piece, page=self._page) for piece in cleaned(cut(text)))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
