"""A lane: one reader's way through the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thinkaloud.protocol.encode import MAX_CONTENT, json_size
from thinkaloud.protocol.frames import Reasoning, Text, TurnFrame
from thinkaloud.stream.log import Entry, TurnLog, same_part, with_content
from thinkaloud.stream.pace import Pace, Pacer


@dataclass(frozen=True)
class Post:
    """What goes to a reader next: one frame that stands for the numbers `first` to `last`."""

    frame: TurnFrame
    first: int
    last: int


class Lane:
    """Says what a reader at `cursor` gets next, and when. At most one post is under way at a time.

    The first delta of a part goes at once: of the reasoning, and of the answer after it. Text then waits for its
    window, unless a frame that is not text stands behind it, or no more text is to come: nobody is kept waiting for
    an end that is known.
    """

    def __init__(self, cursor: int, pace: Pace) -> None:
        self.cursor = cursor
        self._pacer = Pacer(pace)
        self._part: Text | Reasoning | None = None

    def due(self, log: TurnLog, now: float) -> float | None:
        """The time from which the next post may start; None while there is nothing to send."""
        behind = log.after(self.cursor)
        if not behind and not (log.waiting and log.last < log.limit):
            return None
        frames = [*(entry.frame for entry in behind), *log.waiting]
        if not isinstance(frames[0], Text | Reasoning):
            return now
        more = not log.closing and all(isinstance(frame, Text | Reasoning) for frame in frames)
        if more and self._goes_on(frames[0]):
            return self._pacer.due()
        # A new part goes at once, and a known end hurries the text before it, yet not beyond this reader's rate.
        return max(now, self._pacer.full_until)

    def next(self, log: TurnLog, now: float) -> Post:
        """The next post. It stays the next one until `sent` says that it arrived."""
        log.seal()
        post = merged(log.after(self.cursor))
        if isinstance(post.frame, Text | Reasoning):
            self._pacer.sent(now, len(post.frame.content), begins=not self._goes_on(post.frame))
            self._part = post.frame
        return post

    def _goes_on(self, frame: TurnFrame) -> bool:
        """Whether the frame continues the part that was posted last."""
        return isinstance(frame, Text | Reasoning) and self._part is not None and same_part(frame, self._part)

    def sent(self, post: Post) -> None:
        """The post was taken."""
        self.cursor = post.last
        self._pacer.narrow()

    def refused(self) -> None:
        """The gateway said 429."""
        self._pacer.widen()


def merged(entries: Sequence[Entry]) -> Post:
    """The first of some frames, with as many of the following deltas of its part as one frame holds."""
    first = entries[0]
    if not isinstance(first.frame, Text | Reasoning):
        return Post(first.frame, first.seq, first.seq)
    pieces: list[str] = []
    last, size = first, 0
    for entry in entries:
        if not isinstance(entry.frame, Text | Reasoning) or not same_part(entry.frame, first.frame):
            break
        size += json_size(entry.frame.content)
        if pieces and size > MAX_CONTENT:
            break
        pieces.append(entry.frame.content)
        last = entry
    return Post(with_content(first.frame, "".join(pieces)), first.seq, last.seq)
