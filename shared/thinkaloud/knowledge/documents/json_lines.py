"""JSON Lines: a record in each line, of which only one is held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from thinkaloud.errors import DocumentTooLarge
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.encoding import detect
from thinkaloud.knowledge.documents.json_values import MAX_BYTES, parsed, record


def blocks(path: Path) -> Iterator[Block]:
    """The records of the file."""
    with path.open(encoding=detect(path)) as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES), ""), start=1):
            if len(line) == MAX_BYTES:
                raise DocumentTooLarge(f"line {number:,} has more than {MAX_BYTES:,} characters")
            if line.strip():
                yield from record(parsed(line.removeprefix("\ufeff"), f"line {number:,}"))


def title(path: Path) -> str:
    """Records say no title."""
    return ""
