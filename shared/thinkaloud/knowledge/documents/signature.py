"""What a file is by its first bytes, whatever it is called."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from thinkaloud.errors import DocumentEncrypted
from thinkaloud.knowledge.documents.archive import names
from thinkaloud.knowledge.documents.encoding import is_text


@dataclass(frozen=True)
class Seeming:
    """What a file seems to be: in words, and the suffix it should have where that is one that is read here."""

    name: str
    suffix: str = ""


_PDF = Seeming("a PDF", ".pdf")
#: (offset, bytes, what begins so). https://www.garykessler.net/library/file_sigs.html
_SIGNATURES = (
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"ID3", "an MP3 recording"),
    (8, b"WAVE", "a WAV recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a FLAC recording"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
    (0, b"\xca\xfe\xba\xbe", "a program"),
    (0, b"\xcf\xfa\xed\xfe", "a program"),
    (0, b"SQLite format 3\0", "a SQLite database"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"{\\rtf", "a Rich Text document (.rtf)"),
    (0, b"%!PS", "a PostScript file"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: First part of such a name -> what the archive is.
_PACKAGES = (
    ("word/document.xml", Seeming("a Word document", ".docx")),
    ("ppt/presentation.xml", Seeming("a PowerPoint presentation", ".pptx")),
    ("xl/workbook.xml", Seeming("an Excel workbook", ".xlsx")),
    ("xl/workbook.bin", Seeming("a binary Excel workbook (.xlsb)")),
    ("META-INF/container.xml", Seeming("an e-book (.epub)")),
    ("content.xml", Seeming("an OpenDocument file")),
    ("word/", Seeming("a Word document", ".docx")),
    ("ppt/", Seeming("a PowerPoint presentation", ".pptx")),
    ("xl/", Seeming("an Excel workbook", ".xlsx")),
)
#: Compound File Binary, in which Office kept its files until 2007, and keeps those with a password still.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = (
    ("WordDocument", "an old Word document (.doc)"),
    ("Workbook", "an old Excel workbook (.xls)"),
    ("Book", "an old Excel workbook (.xls)"),
    ("PowerPoint Document", "an old PowerPoint presentation (.ppt)"),
    ("__properties_version1.0", "an Outlook message (.msg)"),
)


def seeming(path: Path) -> Seeming | None:
    """What the file is, if its bytes say so; None for text and for what nobody knows.

    Raises:
        DocumentEncrypted: an Office file with a password.
        DocumentBroken: a ZIP archive without its end.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" in head:
        return _PDF
    if head.startswith(_ZIP):
        return _package(path)
    if head.startswith(_COMPOUND):
        return _compound(path)
    return next((Seeming(name) for at, magic, name in _SIGNATURES if head[at:].startswith(magic)), None)


def text_seeming(path: Path) -> Seeming | None:
    """What kind of text a file is, that should have been something else; None where it is no text."""
    if not is_text(path):
        return None
    with path.open("rb") as file:
        head = file.read(1024).lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return Seeming("a web page", ".html")
    return Seeming("XML") if head.startswith(b"<?xml") else Seeming("plain text", ".txt")


def _package(path: Path) -> Seeming:
    parts = names(path)
    found = (what for part, what in _PACKAGES if any(name.startswith(part) for name in parts))
    return next(found, Seeming("a ZIP archive"))


def _compound(path: Path) -> Seeming:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise DocumentEncrypted("it needs a password; save it without one")
        found = (what for name, what in _STREAMS if content.find(name.encode("utf-16-le")) >= 0)
        return Seeming(next(found, "an old Office file"))
