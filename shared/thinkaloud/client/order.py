"""One turn's frames, put in order: each number once, none skipped. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thinkaloud.client.received import Received


class FrameOrder:
    """Takes the frames of one turn as they come, and gives them back in the order of their `seq`.

    `accepted` counts as number 0: the worker may be quicker than the function that accepts the question, and its
    first frame then overtakes the reply.
    """

    def __init__(self) -> None:
        self._next = 0
        self._held: dict[int, Received] = {}

    @property
    def missing(self) -> tuple[int, int] | None:
        """The first and the last number of the hole that later frames wait behind; None where nothing waits."""
        if not self._held:
            return None
        return self._next, min(self._held) - 1

    def push(self, frame: Received) -> list[Received]:
        """What can be shown now that `frame` is here; nothing for a duplicate, or while a number before it lacks.

        A frame without a number (a heartbeat, a refusal) is passed on at once.
        """
        number = 0 if frame.type == "accepted" else frame.seq
        if number is None:
            return [frame]
        if number >= self._next:
            self._held.setdefault(number, frame)
        return self._release()

    def skip_accepted(self) -> list[Received]:
        """Go on without `accepted`, when the turn's own frames have shown that it was."""
        self._next = max(self._next, 1)
        return self._release()

    def _release(self) -> list[Received]:
        ready = []
        while (frame := self._held.pop(self._next, None)) is not None:
            ready.append(frame)
            self._next += 1
        return ready
