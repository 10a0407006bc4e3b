"""JSON: each record a paragraph of lines `path: value`, as one would read it aloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thinkaloud.errors import DocumentBroken, DocumentTooLarge
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.encoding import detect
from thinkaloud.knowledge.documents.plain import cleaned, cut

#: Bytes of a file that is one value, which has to be parsed as a whole: in memory that is up to thirty times as much.
MAX_BYTES = 20 * 1024 * 1024
#: Levels of nesting. Nothing written for people is deeper; a path of more is no longer read.
_DEPTH = 50


def blocks(path: Path) -> Iterator[Block]:
    """The records of the value in the file: the elements of a list, or of the lists in an object."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        limit = f"the limit for one JSON value is {MAX_BYTES:,}; write one record a line, as .jsonl"
        raise DocumentTooLarge(f"it has {size:,} bytes; {limit}")
    value = parsed(path.read_text(encoding=detect(path)).removeprefix("\ufeff"))
    if not isinstance(value, dict):
        nested = isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
        yield from (block for item in (value if nested else [value]) for block in record(item))
        return
    lists = {key: item for key, item in value.items() if _is_records(item)}
    yield from record({key: item for key, item in value.items() if key not in lists})
    for key, items in lists.items():
        yield from (Block("heading", text, 1) for text in cleaned([key]))
        yield from (block for item in items for block in record(item))


def title(path: Path) -> str:
    """Values say no title."""
    return ""


def parsed(text: str, place: str = "it") -> Any:
    """The value, its numbers as they are written: 1.10 is a price, and not 1.1.

    Raises:
        DocumentBroken: it is not JSON; the message begins with `place`.
    """
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise DocumentBroken(f"{place} is not JSON: {error}") from None


def record(value: Any) -> Iterator[Block]:
    """A value in words.

    Raises:
        DocumentBroken: it is nested too deep.
    """
    yield from (Block("text", text) for text in cleaned(cut("\n".join(_said(value, "", _DEPTH)))))


def _said(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth == 0:
        raise DocumentBroken(f"it is nested deeper than {_DEPTH} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _said(item, f"{path}.{key}" if path else key, depth - 1)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for place, item in enumerate(value, start=1):
            yield from _said(item, f"{path}[{place}]", depth - 1)
    elif isinstance(value, list):
        yield from _said(", ".join(_plain(item) for item in value if item is not None), path, depth)
    elif value not in (None, ""):
        yield f"{path}: {_plain(value)}" if path else _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
