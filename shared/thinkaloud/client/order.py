"""One turn's frames, put in order: each number once, none skipped. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thinkaloud.client.received import Received

#: Frames that may wait behind a hole. What is dropped beyond that comes again with the replay that fills the hole.
MOST_HELD = 2_000


class FrameOrder:
    """Takes the frames of one turn as they come, and gives them back in the order of their numbers.

    `accepted` counts as number 0: the worker may be quicker than the function that accepts the question, and its
    first frame then overtakes the reply. Who resumes awaits no `accepted`.

    A replayed frame may stand for a range of numbers. One that begins right after the cursor is taken, and one that was
    wholly seen is dropped. One that was partly seen cannot be cut, since nothing says which of its characters had
    which number: it is dropped too, and `torn` says that a replay from the cursor is needed.

    A `reset` is taken whatever lacks before it: a dead worker may have used up those numbers, and posts to one
    connection come in order. Only where a part of what was said survives it, and some of that is known to lack, is it
    left to the next replay, which is then needed.
    """

    def __init__(self, *, awaits_accepted: bool = True) -> None:
        self._next = 0 if awaits_accepted else 1
        self._held: dict[int, tuple[int, Received]] = {}  # first number -> (last number, frame)
        self._torn = False

    @property
    def cursor(self) -> int:
        """The highest number up to which everything was seen; 0 before the first."""
        return max(self._next - 1, 0)

    @property
    def missing(self) -> tuple[int, int] | None:
        """The first and the last number of the hole that later frames wait behind; None where nothing waits."""
        if not self._held:
            return None
        return self._next, min(self._held) - 1

    @property
    def torn(self) -> bool:
        """Whether a range came that was partly seen, since the last `replay`."""
        return self._torn

    def push(self, frame: Received) -> list[Received]:
        """What can be shown now that `frame` is here; nothing for a duplicate, or while a number before it lacks.

        A frame without a number (a heartbeat, a refusal) is passed on at once.
        """
        first, last = (0, 0) if frame.type == "accepted" else (frame.first, frame.seq)
        if first is None or last is None:
            return [frame]
        if last >= self._next:
            if frame.type == "reset":
                if frame.fields.get("step") != 0 and (self._torn or any(number < first for number in self._held)):
                    self._torn = True
                    return []
                self._next = first
                self._held = {number: held for number, held in self._held.items() if number > last}
            self._hold(first, last, frame)
        return self._release()

    def skip_accepted(self) -> list[Received]:
        """Go on without `accepted`, when something else has shown that it was."""
        self._next = max(self._next, 1)
        return self._release()

    def replay(self) -> None:
        """The server says that it goes on after the cursor it was told."""
        self._torn = False

    def _hold(self, first: int, last: int, frame: Received) -> None:
        if first not in self._held or self._held[first][0] < last:
            self._held[first] = (last, frame)
        if len(self._held) > MOST_HELD:
            del self._held[max(self._held)]

    def _release(self) -> list[Received]:
        ready = []
        while (held := self._held.pop(self._next, None)) is not None:
            last, frame = held
            ready.append(frame)
            self._next = last + 1
        for number in [number for number in self._held if number < self._next]:
            last, _ = self._held.pop(number)
            self._torn |= last >= self._next
        return ready
