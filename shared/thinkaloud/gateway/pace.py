"""When the next post may go, and what it carries. No clock, no socket: time is passed in, in seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from thinkaloud.protocol.encode import split_content
from thinkaloud.protocol.frames import Reasoning, Text, TurnFrame


@dataclass(frozen=True)
class Pace:
    """Windows between two posts of text, in seconds.

    `early` holds for the first second of text, when the reader is waiting, `later` after it. Chosen so that a token is
    seldom more than 75 or 125 ms late and a 100 token/s answer costs a tenth of the posts of one post per token.
    A 429 doubles the window, up to `widest` times its length; each post that is taken narrows it by a fifth.
    """

    early: float = 0.050
    later: float = 0.100
    early_for: float = 1.0
    widest: float = 8.0


class Coalescer:
    """The queue before the socket: deltas of one part melt together, everything else keeps its place.

    The first delta of a part goes at once: of the reasoning, and of the answer after it. Text then waits for its
    window, unless a frame that is not text stands behind it.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._queue: deque[TurnFrame] = deque()
        self._last: Text | Reasoning | None = None
        self._last_at = self._first_at = 0.0
        self._width = 1.0

    def __bool__(self) -> bool:
        return bool(self._queue)

    def push(self, frame: TurnFrame) -> None:
        """Put a frame last, melting a delta into the one before it."""
        last = self._queue[-1] if self._queue else None
        if isinstance(frame, Text | Reasoning) and isinstance(last, Text | Reasoning) and _same_part(frame, last):
            self._queue[-1] = _with_content(last, last.content + frame.content)
        else:
            self._queue.append(frame)

    def due(self, now: float) -> float | None:
        """The time from which the next post may start; None while nothing is queued."""
        if not self._queue:
            return None
        first = self._queue[0]
        if len(self._queue) > 1 or not isinstance(first, Text | Reasoning) or not self._goes_on(first):
            return now
        young = self._last_at - self._first_at < self._pace.early_for
        return self._last_at + self._width * (self._pace.early if young else self._pace.later)

    def take(self, now: float) -> TurnFrame:
        """The frame to post now; what does not fit into one frame stays first in the queue."""
        frame = self._queue.popleft()
        if not isinstance(frame, Text | Reasoning):
            return frame
        if not self._goes_on(frame):
            self._first_at = now
        self._last, self._last_at = frame, now
        content, rest = split_content(frame.content)
        if rest:
            self._queue.appendleft(_with_content(frame, rest))
        return _with_content(frame, content)

    def _goes_on(self, frame: Text | Reasoning) -> bool:
        """Whether the frame continues the part that was posted last."""
        return self._last is not None and _same_part(frame, self._last)

    def widen(self) -> None:
        """The gateway said 429: fewer posts, each with more text."""
        self._width = min(2.0 * self._width, self._pace.widest)

    def narrow(self) -> None:
        """A post was taken: back towards the usual pace."""
        self._width = max(0.8 * self._width, 1.0)


def _with_content(frame: Text | Reasoning, content: str) -> Text | Reasoning:
    """The same frame with another content."""
    return frame.model_copy(update={"content": content})


def _same_part(one: Text | Reasoning, other: Text | Reasoning) -> bool:
    return (one.type, one.part, one.step) == (other.type, other.part, other.step)
