"""The ZIP archive that every Office file is: looked through once, by its content, before anything parses it.

What an archive says of itself is not believed. Each part is unpacked in pieces that are thrown away, so that a bomb
costs time up to a limit and no memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from thinkaloud.errors import DocumentBomb, DocumentBroken, DocumentEncrypted, DocumentTooLarge

#: Bytes of all parts unpacked. A workbook of 50,000 rows has 30 to 60 MB.
MAX_UNPACKED = 512 * 1024 * 1024
#: Parts. A presentation of 300 slides has about 1,500.
MAX_PARTS = 10_000
#: Bytes of the list of parts at the archive's end, which is read at once.
_MAX_DIRECTORY = 2 * 1024 * 1024
#: How many times larger than packed a part may be, once it is over a size at which that matters. A sheet in which each
#: row is the same comes to 200; a bomb is near deflate's limit of 1,032.
_MAX_RATIO = 400
_RATIO_FROM = 10 * 1024 * 1024
#: Bytes of an XML part that becomes a tree in memory, which is five to ten times as much.
_MAX_TREE = 32 * 1024 * 1024
_PIECE = 1 << 16
#: Where the list of parts is, is said at the very end; behind that are at most 64 KB of comment.
_TAIL = 70_000
_END_RECORD = b"PK\x05\x06"
_LOCATOR_64 = b"PK\x06\x07"
_ENCRYPTED_FLAG = 0x1
_DECLARATION = b"<!DOCTYPE"
#: What `zipfile` raises on an archive that is none: OSError where it is sent to a place before the file's beginning.
_DAMAGE = (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


def check(path: Path, *, tree: str = "") -> None:
    """Look through an Office file. `tree` is the folder of the parts that become trees.

    Raises:
        DocumentBomb: it unpacks to more than any document is, or declares entities of XML.
        DocumentTooLarge: a part is too large for a tree.
        DocumentEncrypted: parts need a password.
        DocumentBroken: it is no archive, or a part is damaged.
    """
    _check_directory(path)
    with opened(path) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise DocumentBomb(f"it has {len(parts):,} parts inside; the limit is {MAX_PARTS:,}")
        total = 0
        for part in parts:
            if part.flag_bits & _ENCRYPTED_FLAG:
                raise DocumentEncrypted("it needs a password; save it without one")
            size = _unpacked(archive, part, MAX_UNPACKED - total)
            if tree and part.filename.startswith(tree) and part.filename.endswith(".xml") and size > _MAX_TREE:
                raise DocumentTooLarge(f"it has {size:,} bytes of text and marks; the limit is {_MAX_TREE:,}; split it")
            total += size


def opened(path: Path) -> ZipFile:
    """The archive.

    Raises:
        DocumentBroken: it is none.
    """
    try:
        return ZipFile(path)
    except _DAMAGE:
        raise DocumentBroken("it is damaged: its end is missing, or was never written") from None


def names(path: Path) -> list[str]:
    """The parts' names, as long as there are not too many to be an Office file's."""
    _check_directory(path)
    with opened(path) as archive:
        return archive.namelist()


def _check_directory(path: Path) -> None:
    """The list of parts is read at once by every ZIP library, so its length is looked at first."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    at = tail.rfind(_END_RECORD)
    directory = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if at >= 76 and tail[at - 20 : at - 16] == _LOCATOR_64:  # its record, of 56 bytes, counts instead
        directory = int.from_bytes(tail[at - 36 : at - 28], "little")
    if directory > _MAX_DIRECTORY:
        raise DocumentBomb("its list of parts is longer than that of any document")


def _unpacked(archive: ZipFile, part: ZipInfo, room: int) -> int:
    """Bytes of a part, counted by unpacking it."""
    size = 0
    try:
        with archive.open(part) as stream:
            for piece in _pieces(stream, part):
                size += piece
                if size > room:
                    raise DocumentBomb(f"it unpacks to more than {MAX_UNPACKED:,} bytes")
                if size > _RATIO_FROM and size > _MAX_RATIO * part.compress_size:
                    raise DocumentBomb(f"a part of it unpacks to more than {_MAX_RATIO} times its size")
    except _DAMAGE:
        raise DocumentBroken("it is damaged: a part of it cannot be unpacked") from None
    return size


def _pieces(stream: IO[bytes], part: ZipInfo) -> Iterator[int]:
    """The sizes of a part's pieces; XML is searched for a declaration of entities, which no Office program writes."""
    is_xml = part.filename.endswith((".xml", ".rels", ".vml"))
    before = b""
    while piece := stream.read(_PIECE):
        if is_xml:
            text = before + piece.replace(b"\0", b"")
            if _DECLARATION in text:
                raise DocumentBomb("it declares entities of XML, which no Office program does")
            before = text[-len(_DECLARATION) :]
        yield len(piece)
