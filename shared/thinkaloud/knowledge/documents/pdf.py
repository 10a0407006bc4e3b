"""PDF by PDFium, page by page: headings by their size, ruled tables as tables, and nothing of a page kept after it.

PDFium is what Chrome shows PDFs with. It is built without JavaScript and XFA, and nothing is rendered. Against
pdfplumber it takes a tenth of the time (docs/decisions/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as c

from thinkaloud.errors import (
    DocumentBroken,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentScanned,
    DocumentTooLarge,
    DocumentUnsupported,
)
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.pdf_lines import Item, Line, Table, items, joined
from thinkaloud.knowledge.documents.pdf_page import Page, read_page
from thinkaloud.knowledge.documents.pdf_text import Paragraph, RunningHeads, Sizes, paragraphs
from thinkaloud.knowledge.documents.plain import cleaned, cut
from thinkaloud.knowledge.documents.table import TableBuilder, table

#: Pages. The longest standards have 5,000; at 30 ms a page that is still a few minutes.
MAX_PAGES = 5_000
#: Pages by which the sizes of text and headings are told.
_SAMPLED = 10
#: A page of which a picture takes this share, with fewer letters than these beside it, is a scan with a stamp on it.
_COVERED = 0.6
_FEW_LETTERS = 60
#: Points by which the columns of a table may move from one page to the next.
_NEAR = 3.0
_REASONS: dict[int, Exception] = {
    c.FPDF_ERR_PASSWORD: DocumentEncrypted("it needs a password; save it without one"),
    c.FPDF_ERR_SECURITY: DocumentEncrypted("its protection is of an unknown kind; save it without one"),
}
#: Titles that programs write by themselves.
_PREFIXES = ("microsoft word - ", "microsoft powerpoint - ", "microsoft excel - ")
_NO_TITLES = (
    "about:blank",
    "untitled",
    "无标题",
    "powerpoint presentation",
    "powerpoint 演示文稿",
    "word document",
    "document1",
)


def blocks(path: Path) -> Iterator[Block]:
    """The pages' blocks."""
    with _opened(path) as document:
        first = _first_with_text(document)
        sampled = list(_sampled(document, first))
        sizes = Sizes(item for _, found in sampled for item in found if isinstance(item, Line))
        yield from _Reader(sizes, RunningHeads(sampled)).blocks(
            read_page(document, number) for number in _numbers(document, first)
        )


def title(path: Path) -> str:
    """The title among the document's properties, unless a program wrote it by itself."""
    with _opened(path) as document:
        found = str(document.get_metadata_value("Title")).strip()
    for prefix in _PREFIXES:
        found = found[len(prefix) :] if found.lower().startswith(prefix) else found
    is_file = found.lower().endswith((".doc", ".docx", ".ppt", ".pptx", ".xls", ".xlsx", ".indd", ".tex", ".pdf"))
    return "" if is_file or found.lower() in _NO_TITLES else found


@contextmanager
def _opened(path: Path) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        damaged = DocumentBroken("it is damaged; open it where it was made and save it again")
        raise _REASONS.get(error.err_code, damaged) from None
    try:
        yield document
    finally:
        document.close()


def _numbers(document: pdfium.PdfDocument, first: int = 1) -> range:
    pages = len(document)
    if pages > MAX_PAGES:
        raise DocumentTooLarge(f"it says it has {pages:,} pages; the limit is {MAX_PAGES:,}; split it")
    return range(first, pages + 1)


def _first_with_text(document: pdfium.PdfDocument) -> int:
    """The first page that is more than a picture.

    Raises:
        DocumentScanned: all are pictures.
        DocumentEmpty: there is nothing on any page.
        DocumentUnsupported: the fonts do not say which characters their shapes are.
    """
    pictured = drawn = 0
    for number in _numbers(document):
        page = read_page(document, number)
        letters = sum(glyph.text.isalnum() for glyph in page.glyphs)
        if letters and not (page.covered > _COVERED and letters < _FEW_LETTERS):
            return number
        pictured += page.covered > 0
        drawn += len(page.glyphs)
    pages = len(document)
    if pictured:
        raise DocumentScanned(f"its {pages:,} pages are pictures without text; have the text recognised (OCR) first")
    if drawn:
        raise DocumentUnsupported("its fonts do not say which characters they show; print it to a new PDF")
    raise DocumentEmpty("its pages are empty" if pages else "it has no pages")


def _sampled(document: pdfium.PdfDocument, first: int) -> Iterator[tuple[Page, list[Item]]]:
    """Some pages, spread over the document, without what was drawn on them."""
    numbers = _numbers(document, first)
    for number in numbers[:: max(1, len(numbers) // _SAMPLED)][:_SAMPLED]:
        page = read_page(document, number)
        yield replace(page, glyphs=[], horizontal=[], vertical=[]), items(page)


class _Reader:
    """Goes through the pages; holds what may go on over the end of one: a paragraph or a table."""

    def __init__(self, sizes: Sizes, heads: RunningHeads) -> None:
        self._sizes = sizes
        self._heads = heads
        self._paragraph: tuple[str, int] | None = None
        self._table: tuple[TableBuilder, tuple[float, ...], list[str]] | None = None

    def blocks(self, pages: Iterable[Page]) -> Iterator[Block]:
        """The blocks of all pages."""
        for page in pages:
            heads, found = self._heads.parted(items(page), page)
            yield from (Block("text", text, page=page.number) for text in cleaned(head.text for head in heads))
            yield from self._page(found, page.number)
        yield from self._end()

    def _page(self, found: Sequence[Item], number: int) -> Iterator[Block]:
        for part in paragraphs(found, self._sizes):
            if isinstance(part, Table):
                yield from self._ruled(part, number)
            elif isinstance(part, list):
                yield from self._end()
                yield from table(part, number)
            else:
                yield from self._text(part, number)

    def _text(self, part: Paragraph, number: int) -> Iterator[Block]:
        if self._paragraph and not part.level:
            text, number = self._paragraph
            part = Paragraph(joined([text, part.text]), 0, part.goes_on)
            self._paragraph = None
        yield from self._end()
        if part.goes_on:
            self._paragraph = (part.text, number)
        elif part.level:
            yield from (Block("heading", text, part.level, number) for text in cleaned([part.text]))
        else:
            yield from (Block("text", text, page=number) for text in cleaned(cut(part.text)))

    def _ruled(self, part: Table, number: int) -> Iterator[Block]:
        """A table, or more rows of the one that the page before ended with; its header may be said again."""
        rows = part.rows
        if self._table and _same_columns(self._table[1], part.xs):
            builder, _, header = self._table
            yield from builder.turn(number)
            rows = rows[1:] if rows[0] == header else rows
        else:
            yield from self._end()
            builder = TableBuilder(number)
            self._table = (builder, part.xs, part.rows[0])
        for row in rows:
            yield from builder.add(row)

    def _end(self) -> Iterator[Block]:
        """What was held is complete."""
        if self._paragraph:
            text, number = self._paragraph
            self._paragraph = None
            yield from (Block("text", piece, page=number) for piece in cleaned(cut(text)))
        if self._table:
            builder, _, _ = self._table
            self._table = None
            yield from builder.end()


def _same_columns(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))
