"""Office files, made by the libraries that make them; and what becomes of them in bad hands."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import docx
import openpyxl
import pptx


class Saved(Protocol):
    """What can be saved into a file."""

    def save(self, file: Any) -> None: ...


def content(made: Saved) -> bytes:
    """The bytes of a document, a presentation or a workbook."""
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def word(*paragraphs: str) -> bytes:
    """A Word document of paragraphs."""
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return content(document)


def slides(*titles: str) -> bytes:
    """A presentation of slides with a title and a line each."""
    presentation = pptx.Presentation()
    for title in titles:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = f"About {title}"
    return content(presentation)


def workbook(rows: Iterable[Sequence[Any]] = (("City", "Days"), ("Berlin", 14)), sheet: str = "Leave") -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    return content(book)


def changed(archive: bytes, parts: Mapping[str, bytes | None], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The archive with parts replaced, added or, where they are None, left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as before, zipfile.ZipFile(file, "w", compression) as after:
        for name in before.namelist():
            if name not in parts:
                after.writestr(name, before.read(name))
        for name, part in parts.items():
            if part is not None:
                after.writestr(name, part)
    return file.getvalue()


def part(archive: bytes, name: str) -> bytes:
    """A part of the archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read(name)


def compound(*streams: str) -> bytes:
    """The beginning of a Compound File, and a directory that names its streams."""
    names = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in streams)
    return (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504) + names
