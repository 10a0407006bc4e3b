"""What a file of questions says, before it is known which documents are meant.

A reader turns a file into a `Sheet`; `evaluation.datasets` then finds the places. Another shape of file is another
reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.errors import DatasetError
from thinkaloud.language import Language

#: Where a paragraph stands in its file: (article, paragraph), both from 0.
Position = tuple[int, int]


@dataclass(frozen=True)
class Paragraph:
    """A text that questions are about. `name` is what questions may call it by, empty where it has none."""

    text: str
    title: str = ""
    name: str = ""
    position: Position | None = None


@dataclass(frozen=True)
class Row:
    """One question of a file. `where` says where it stands, for errors.

    The place that answers it is told in one of these ways: the `documents` by name, the `context` by its text, or the
    `position` of its paragraph.
    """

    where: str
    id: str
    turns: tuple[str, ...]
    language: Language | None = None
    answerable: bool = True
    answers: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    context: str | None = None
    position: Position | None = None


@dataclass(frozen=True)
class Sheet:
    """What a file holds: questions, paragraphs, or both."""

    rows: list[Row] = field(default_factory=list)
    paragraphs: list[Paragraph] = field(default_factory=list)

    @property
    def shape(self) -> list[Position]:
        """The positions of the paragraphs: two files of one shape are translations of each other."""
        return [paragraph.position for paragraph in self.paragraphs if paragraph.position is not None]


def text_of(record: Mapping[str, Any], where: str, *names: str) -> str:
    """The text under the first of `names` that is there; empty where none is, or where it is null.

    Raises:
        DatasetError: it is not text.
    """
    for name in names:
        if (value := record.get(name)) is not None:
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)  # ids are often numbers
            if not isinstance(value, str):
                raise DatasetError(f"{where}: {name!r} is {_kind(value)}, and must be text")
            return value.strip()
    return ""


def flag_of(record: Mapping[str, Any], where: str, name: str, default: bool) -> bool:
    """The truth value under `name`.

    Raises:
        DatasetError: it is neither true nor false.
    """
    value = record.get(name, default)
    if not isinstance(value, bool):
        raise DatasetError(f"{where}: {name!r} is {_kind(value)}, and must be true or false")
    return value


def texts_of(value: Any, where: str, name: str) -> tuple[str, ...]:
    """Texts however they are written: one, a list of them, a list of `{"text": ...}`, or `{"text": [...]}`.

    Raises:
        DatasetError: it is none of these.
    """
    match value:
        case None:
            return ()
        case str():
            return (value.strip(),) if value.strip() else ()
        case int() | float() if not isinstance(value, bool):
            return (str(value),)
        case {"text": inner}:
            return texts_of(inner, where, name)
        case list():
            found = [text for item in value for text in texts_of(item, where, name)]
            return tuple(dict.fromkeys(found))
    raise DatasetError(f"{where}: {name!r} is {_kind(value)}, and must be text or a list of texts")


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """`value`, which must be a JSON object.

    Raises:
        DatasetError: it is not.
    """
    if not isinstance(value, dict):
        raise DatasetError(f"{where}: a JSON object is expected here, not {_kind(value)}")
    return value


def sequence(record: Mapping[str, Any], where: str, name: str) -> list[Any]:
    """The list under `name`.

    Raises:
        DatasetError: it is missing, or no list.
    """
    value = record.get(name)
    if not isinstance(value, list):
        raise DatasetError(f"{where}: {name!r} is {'missing' if value is None else _kind(value)}, and must be a list")
    return value


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")
