"""Pieces of a frame over 32 KB -> the frame. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thinkaloud.protocol.frames import Fragment

#: Characters that unfinished frames may hold together; the largest frame a turn sends is far below.
MOST_CHARACTERS = 8 * 2**20
#: Frames that may be unfinished at once, and pieces of one.
MOST_FRAMES = 64
MOST_PIECES = 1_024


class Joiner:
    """Joins fragments in whatever order they come, those of several frames among each other, and any of them twice.

    Memory is bounded: beyond the limits the frame that was touched longest ago is forgotten. Its number then lacks, and
    a resume brings it again.
    """

    def __init__(self) -> None:
        self._unfinished: dict[str, dict[int, str]] = {}  # touched last comes last
        self._counts: dict[str, int] = {}
        self._characters = 0

    def add(self, piece: Fragment) -> str | None:
        """The whole frame as text, if this was the last of its pieces; None for any other, and for one that is none."""
        if not (0 <= piece.index < piece.count <= MOST_PIECES):
            return None
        if self._counts.get(piece.id, piece.count) != piece.count:
            self._forget(piece.id)
        pieces = self._unfinished.pop(piece.id, {})
        self._unfinished[piece.id] = pieces
        self._counts[piece.id] = piece.count
        if piece.index not in pieces:
            pieces[piece.index] = piece.data
            self._characters += len(piece.data)
        if len(pieces) == piece.count:
            self._forget(piece.id)
            return "".join(pieces[index] for index in range(piece.count))
        while self._characters > MOST_CHARACTERS or len(self._unfinished) > MOST_FRAMES:
            self._forget(next(iter(self._unfinished)))
        return None

    def _forget(self, frame: str) -> None:
        self._characters -= sum(map(len, self._unfinished.pop(frame).values()))
        del self._counts[frame]
