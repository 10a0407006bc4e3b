"""XLSX: each sheet a heading and its table, row by row.

Its XML is read here, and not by openpyxl: that keeps every string of the workbook in memory, takes six times as long
and gives either formulas or their results (docs/decisions/).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZipFile

from lxml import etree

from thinkaloud.errors import DocumentBroken, DocumentTooLarge
from thinkaloud.knowledge.documents import office
from thinkaloud.knowledge.documents.archive import check, opened
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.plain import cleaned
from thinkaloud.knowledge.documents.sheet_cells import Cells, SharedStrings
from thinkaloud.knowledge.documents.table import TableBuilder

#: Cells of a workbook, the empty ones between others included: 50,000 rows of 100 columns are half of it.
MAX_CELLS = 10_000_000
#: Columns that Excel has.
_MAX_COLUMNS = 16_384
#: Characters of a merged cell that are repeated in the rows it spans; a longer text is a remark, and no category.
_REPEATED = 100
_MAX_MERGES = 100_000
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
_REFERENCE = re.compile(r"([A-Z]{1,3})\d*$")
_PIECE = 1 << 16

title = office.title


def blocks(path: Path) -> Iterator[Block]:
    """The sheets that are not hidden."""
    check(path)
    with opened(path) as archive, TemporaryFile() as file:
        book = next((name for kind, name in office.related(archive, "").values() if kind == "officeDocument"), "")
        root = office.parsed(archive, book)
        if root is None:
            raise DocumentBroken("it is damaged: the list of its sheets is missing")
        parts = office.related(archive, book)
        by_kind = dict(parts.values())
        strings = SharedStrings(file, archive, by_kind.get("sharedStrings", ""))
        properties = root.find("{*}workbookPr")
        is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        cells = Cells(strings, office.parsed(archive, by_kind.get("styles", "")), is_1904=is_1904)
        room = MAX_CELLS
        for name, part in _sheets(root, parts):
            if part in archive.NameToInfo:
                room = yield from _sheet(archive, name, part, cells, room)


def _sheets(root: etree._Element, parts: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(name, part) of each sheet that a reader sees; charts on a sheet of their own hold no cells."""
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        reference = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        kind, part = parts.get(reference, ("", ""))
        if kind == "worksheet" and sheet.get("state", "visible") == "visible":
            yield sheet.get("name", ""), part


def _sheet(archive: ZipFile, name: str, part: str, cells: Cells, room: int) -> Generator[Block, None, int]:
    """The blocks of a sheet; returns how many cells there may still be."""
    merged = _merged_down(archive, part)
    builder = TableBuilder()
    heading = [Block("heading", text, 1) for text in cleaned([name])]
    above: dict[int, tuple[str, int]] = {}
    for number, row in _rows(archive, part, cells):
        room -= len(row)
        if room < 0:
            raise DocumentTooLarge(f"it has more than {MAX_CELLS:,} cells, with the empty ones between; split it")
        _fill(row, number, merged, above)
        if any(row):
            yield from heading
            heading = []
            yield from builder.add(row)
    yield from builder.end()
    return room


def _rows(archive: ZipFile, part: str, cells: Cells) -> Iterator[tuple[int, list[str]]]:
    """(number, texts of its cells) of each row; of the tree only the row at hand is kept."""
    number = 0
    with archive.open(part) as stream:
        for _, row in etree.iterparse(stream, tag="{*}row", resolve_entities=False, huge_tree=True):
            said = row.get("r", "")
            number = int(said) if said.isdecimal() and len(said) < 8 else number + 1
            texts: list[str] = []
            for cell in row.iterchildren("{*}c"):
                texts += [""] * (_column(cell.get("r"), len(texts)) - len(texts))
                texts.append(cells.text(cell))
            yield number, texts
            row.clear()
            while row.getprevious() is not None:
                del row.getparent()[0]


def _column(reference: str | None, following: int) -> int:
    """The place of a cell in its row, from 0; the next one where the cell does not say."""
    found = _REFERENCE.match(reference or "")
    if found is None:
        return following
    column = _number(found.group(1))
    if not following <= column < _MAX_COLUMNS:
        raise DocumentBroken(f"it is damaged: the cell {reference} is not in its place")
    return column


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _merged_down(archive: ZipFile, part: str) -> dict[tuple[int, int], int]:
    """(row, column) of each cell that is merged with those below it -> the last row. They stand behind the rows."""
    found: dict[tuple[int, int], int] = {}
    with archive.open(part) as stream:
        before = b""
        while (piece := stream.read(_PIECE)) and len(found) < _MAX_MERGES:
            text = before + piece
            for letters, first, last in _MERGED.findall(text):
                if first != last:
                    found[int(first), _number(letters.decode())] = int(last)
            before = text[-200:]
    return found


def _fill(row: list[str], number: int, merged: dict[tuple[int, int], int], above: dict[int, tuple[str, int]]) -> None:
    """Say again what a merged cell above says of this row, and note what this row says of those below."""
    if not merged:
        return
    for column, (text, last) in list(above.items()):
        if number > last:
            del above[column]
        elif any(row):
            row += [""] * (column + 1 - len(row))
            row[column] = row[column] or text
    for column, text in enumerate(row):
        last_row = merged.get((number, column))
        if last_row and text and len(text) <= _REPEATED:
            above[column] = (text, last_row)
