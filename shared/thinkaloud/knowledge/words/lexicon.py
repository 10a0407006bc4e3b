"""What a tenant's documents are made of: in how many passages each term stands, so that rare terms count for more.

A count-min sketch (https://doi.org/10.1016/j.jalgor.2003.12.001): two rows of 65,536 counters, addressed by the two
halves of a term's number. It takes the same 256 KB whatever there is to count, far less while that is little, and never
says fewer than there are.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable

from thinkaloud.errors import KnowledgeError

_CELLS = 65_536
_MOST = 65_535
#: Documents whose last change is remembered, so that one that is made again is not counted again.
REMEMBERED = 500
_HEADER = struct.Struct("<4sIH")
_MAGIC = b"LEX1"
_MARK_BYTES = 8
_NOT_ZERO = re.compile(rb"[^\0]")


class Lexicon:
    """A tenant's term statistics.

    Attributes:
        passages: how many passages were counted.
    """

    def __init__(self) -> None:
        self.passages = 0
        self._low = array("H", bytes(2 * _CELLS))
        self._high = array("H", bytes(2 * _CELLS))
        self._changes: dict[bytes, bytes] = {}

    def rarity(self, number: int) -> float:
        """What a match of a term says, in nats: BM25's idf. The same of every term while nothing is counted."""
        if not self.passages:
            return 1.0
        held = min(self.held_by(number), self.passages)
        return math.log(1 + (self.passages - held + 0.5) / (held + 0.5))

    def held_by(self, number: int) -> int:
        """In about how many passages a term stands, never fewer than it does."""
        return min(self._low[number & 0xFFFF], self._high[number >> 16])

    def count(self, numbers: Iterable[int]) -> None:
        """Count a passage by the numbers of its terms, each once."""
        self.passages += 1
        for number in numbers:
            for row, cell in ((self._low, number & 0xFFFF), (self._high, number >> 16)):
                if row[cell] < _MOST:
                    row[cell] += 1

    def change(self, added: Lexicon, removed: Lexicon) -> None:
        """Count what was added, and take back what was removed.

        A counter that is full stays so, since how far over it was is unknown.
        """
        self.passages = max(0, self.passages + added.passages - removed.passages)
        for row, more, less in ((self._low, added._low, removed._low), (self._high, added._high, removed._high)):
            for cell in _used(more) | _used(less):
                if row[cell] < _MOST:
                    row[cell] = min(max(row[cell] + more[cell] - less[cell], 0), _MOST)

    def knows(self, document: str, change: bytes) -> bool:
        """Whether this was the last change of a document, as far as is remembered."""
        return self._changes.get(_mark(document.encode())) == _mark(change)

    def note(self, document: str, change: bytes) -> None:
        """Remember the last change of a document."""
        self._changes.pop(_mark(document.encode()), None)
        self._changes[_mark(document.encode())] = _mark(change)
        if len(self._changes) > REMEMBERED:
            del self._changes[next(iter(self._changes))]

    def to_bytes(self) -> bytes:
        """The lexicon compressed: under 280 KB, the same on every machine."""
        marks = b"".join(document + change for document, change in self._changes.items())
        head = _HEADER.pack(_MAGIC, self.passages, len(self._changes))
        return zlib.compress(head + marks + _little(self._low) + _little(self._high), 1)

    @classmethod
    def from_bytes(cls, body: bytes) -> Lexicon:
        """What `to_bytes` made.

        Raises:
            KnowledgeError: it is something else, or broken.
        """
        lexicon = cls()
        try:
            plain = zlib.decompress(body)
            magic, lexicon.passages, changes = _HEADER.unpack_from(plain)
            rows = _HEADER.size + changes * 2 * _MARK_BYTES
            if magic != _MAGIC or len(plain) != rows + 4 * _CELLS:
                raise ValueError("not a lexicon")
        except (zlib.error, struct.error, ValueError) as error:
            raise KnowledgeError(f"the term statistics cannot be read: {error}") from None
        marks = [plain[at : at + _MARK_BYTES] for at in range(_HEADER.size, rows, _MARK_BYTES)]
        lexicon._changes = dict(zip(marks[::2], marks[1::2], strict=True))
        lexicon._low = _native(plain[rows : rows + 2 * _CELLS])
        lexicon._high = _native(plain[rows + 2 * _CELLS :])
        return lexicon


def _mark(name: bytes) -> bytes:
    return hashlib.blake2b(name, digest_size=_MARK_BYTES).digest()


def _used(row: array[int]) -> set[int]:
    """The cells that are not zero, which in a row of one document are few."""
    return {found.start() // row.itemsize for found in _NOT_ZERO.finditer(row.tobytes())}


def _little(row: array[int]) -> bytes:
    if sys.byteorder == "little":
        return row.tobytes()
    swapped = array("H", row)
    swapped.byteswap()
    return swapped.tobytes()


def _native(plain: bytes) -> array[int]:
    row = array("H", plain)
    if sys.byteorder == "big":
        row.byteswap()
    return row
