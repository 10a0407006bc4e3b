"""The log of a turn: every frame with its number, in the order of the conversation."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from thinkaloud.protocol.encode import split_content
from thinkaloud.protocol.frames import Reasoning, Text, TurnFrame


@dataclass(frozen=True)
class Entry:
    """A frame with its number. Once numbered it never changes."""

    seq: int
    frame: TurnFrame


class TurnLog:
    """Numbers frames from `first` on, without a gap.

    Deltas of one part melt together until somebody wants to send or to write them down: only then do they get a
    number. So a slow reader costs no numbers and no memory beyond the answer's text.

    No number above `limit` is given out: the lease reserves them in blocks, and raises it when it is renewed.
    """

    def __init__(self, first: int, limit: int) -> None:
        self.limit = limit
        self.ended = False
        self.closing = False
        self._entries: list[Entry] = []
        self._waiting: deque[TurnFrame] = deque()
        self._next = first

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> TurnLog:
        """The log of a turn that has ended."""
        log = cls(entries[-1].seq + 1, entries[-1].seq)
        log._entries = list(entries)
        log.ended = True
        return log

    @property
    def last(self) -> int:
        """The highest number given out; one below the first before there is any."""
        return self._next - 1

    @property
    def waiting(self) -> Sequence[TurnFrame]:
        """What has no number yet."""
        return self._waiting

    def push(self, frame: TurnFrame) -> None:
        """Put a frame last, melting a delta into the one before it."""
        last = self._waiting[-1] if self._waiting else None
        if isinstance(frame, Text | Reasoning) and isinstance(last, Text | Reasoning) and same_part(frame, last):
            self._waiting[-1] = with_content(last, last.content + frame.content)
        else:
            self._waiting.append(frame)

    def close(self) -> None:
        """No more text will be pushed, though the final frame may take a moment: the last text need not wait for it."""
        self.closing = True

    def end(self) -> None:
        """Nothing more will be pushed."""
        self.ended = True

    def seal(self) -> None:
        """Number what waits, as far as the limit goes; text that is too long for a frame takes several numbers."""
        while self._waiting and self._next <= self.limit:
            frame = self._waiting.popleft()
            if isinstance(frame, Text | Reasoning):
                content, rest = split_content(frame.content)
                if rest:
                    self._waiting.appendleft(with_content(frame, rest))
                    frame = with_content(frame, content)
            self._entries.append(Entry(self._next, frame))
            self._next += 1

    def after(self, cursor: int) -> Sequence[Entry]:
        """The numbered frames behind `cursor`, in order."""
        return self._entries[bisect_right(self._entries, cursor, key=lambda entry: entry.seq) :]

    def exhausted(self, cursor: int) -> bool:
        """Whether a reader at `cursor` has everything there will ever be."""
        return self.ended and not self._waiting and cursor >= self.last


def with_content(frame: Text | Reasoning, content: str) -> Text | Reasoning:
    """The same frame with another content."""
    return frame.model_copy(update={"content": content})


def same_part(one: Text | Reasoning, other: Text | Reasoning) -> bool:
    """Whether two deltas belong to one part of one step."""
    return (one.type, one.part, one.step) == (other.type, other.part, other.step)
