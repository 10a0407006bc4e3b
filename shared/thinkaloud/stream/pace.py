"""How often a reader gets a post. No clock, no socket: time is passed in, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds by which a timer may be late without anybody's fault: epoll counts whole milliseconds.
TIMER = 0.005


@dataclass(frozen=True)
class Pace:
    """Windows between two posts of text, in seconds.

    `early` holds for the first second of text, when the reader is waiting, `later` after it. Chosen with `make bench`
    so that at 25 ms a post 95 of 100 tokens are at most some 75 and 125 ms late, and 300 tokens at 250 a second take 28
    posts. A 429 doubles the window, up to `widest` times its length; each post that is taken narrows it by a fifth.
    `characters` a second are the most that one reader gets, where it is set.
    """

    early: float = 0.0501
    later: float = 0.101
    early_for: float = 0.99
    widest: float = 8.0
    characters: float | None = None


class Pacer:
    """When the next post of text may go to one reader."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._first = self._last = 0.0
        self._width = 1.0
        #: The time until which the reader has had as many characters as it may.
        self.full_until = 0.0

    def due(self) -> float:
        """The time from which more text of the same part may go."""
        window = self._pace.early if self._last - self._first < self._pace.early_for else self._pace.later
        return max(self._last + self._width * window, self.full_until)

    def sent(self, now: float, characters: int, *, begins: bool) -> None:
        """A post of text starts; `begins` where it is the first of its part, for which the reader has been waiting."""
        due = self.due()
        if begins:
            self._first = now
        # A timer wakes up a moment late: the next window begins when this one ended, or lateness would add up.
        self._last = due if not begins and due <= now < due + TIMER else now
        if self._pace.characters is not None:
            self.full_until = max(now, self.full_until) + characters / self._pace.characters

    def widen(self) -> None:
        """The gateway said 429: fewer posts, each with more text."""
        self._width = min(2.0 * self._width, self._pace.widest)

    def narrow(self) -> None:
        """A post was taken: back towards the usual pace."""
        self._width = max(0.8 * self._width, 1.0)
