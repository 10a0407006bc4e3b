"""CSV and TSV: rows of a table, read as they are needed."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from thinkaloud.errors import DocumentBroken, DocumentTooLarge
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.encoding import detect
from thinkaloud.knowledge.documents.table import table

_DELIMITERS = ",\t;|"
#: Lines by which the delimiter is told.
_SAMPLE_LINES = 50
#: Characters of a line.
_LINE = 1_000_000


def blocks(path: Path) -> Iterator[Block]:
    """The table in the file. A formula in a cell is text like any other: nothing ever computes it."""
    codec = detect(path)
    with path.open(encoding=codec, newline="") as file:
        delimiter = _delimiter(list(islice(_lines(file), _SAMPLE_LINES)))
    with path.open(encoding=codec, newline="") as file:
        reader = csv.reader(_lines(file), delimiter=delimiter)
        try:
            yield from table(reader)
        except csv.Error as error:
            number = reader.line_num
            raise DocumentBroken(f"line {number:,}: {error}; is there a quote that is never closed?") from None


def title(path: Path) -> str:
    """A table of values says no title."""
    return ""


def _lines(file: TextIO) -> Iterator[str]:
    for line in iter(lambda: file.readline(_LINE), ""):
        if len(line) == _LINE:
            raise DocumentTooLarge(f"it has a line of more than {_LINE:,} characters")
        yield line


def _delimiter(sample: list[str]) -> str:
    """The one that cuts the most lines into equally many cells, and more than one."""

    def regularity(delimiter: str) -> tuple[int, int]:
        try:
            cells = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter) if len(row) > 1)
        except csv.Error:
            return 0, 0
        return max(((lines, width) for width, lines in cells.items()), default=(0, 0))

    return max(_DELIMITERS, key=regularity)
