"""Files -> sheets: JSON or JSON Lines, and which shape of question it holds, is seen from the content."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluation.errors import DatasetError
from evaluation.lines import read_records
from evaluation.rows import Sheet, mapping
from evaluation.squad import is_squad, read_squad


def read_sheet(path: Path) -> Sheet:
    """The questions and paragraphs of a JSON or JSON Lines file; which of the two, and its shape, is seen by itself.

    Raises:
        DatasetError: it cannot be read. The message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name}: it is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}") from None
    if not text.strip():
        raise DatasetError(f"{path.name}: it is empty")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if not _several_lines(text):
            raise DatasetError(f"{path.name}, line {error.lineno}: it is no JSON: {error.msg}") from None
        return read_records(_lines(text, path.name))
    except RecursionError:
        raise DatasetError(f"{path.name}: it is nested too deep") from None
    if is_squad(content):
        return read_squad(content, path.name)
    return read_records(_items(content, path.name))


def _several_lines(text: str) -> bool:
    """Whether this is meant as JSON Lines: its first line is an object by itself."""
    first = next(line for line in text.splitlines() if line.strip())
    return first.lstrip().startswith("{") and first.rstrip().endswith("}")


def _lines(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            yield where, mapping(json.loads(line), where)
        except json.JSONDecodeError as error:
            raise DatasetError(f"{where}: it is no JSON: {error.msg} (column {error.colno})") from None
        except RecursionError:
            raise DatasetError(f"{where}: it is nested too deep") from None


def _items(content: Any, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The records of a JSON file that holds a list of them, also under `data`, or one alone."""
    listed = content.get("data", content) if isinstance(content, dict) else content
    for number, item in enumerate(listed if isinstance(listed, list) else [listed]):
        where = f"{name}: [{number}]"
        yield where, mapping(item, where)
