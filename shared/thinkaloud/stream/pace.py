"""How often a reader gets a post. No clock, no socket: time is passed in, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Windows between two posts of text, in seconds.

    `early` holds for the first second of text, when the reader is waiting, `later` after it. Chosen so that a token is
    seldom more than 75 or 125 ms late and a 100 token/s answer costs a tenth of the posts of one post per token.
    A 429 doubles the window, up to `widest` times its length; each post that is taken narrows it by a fifth.
    `characters` a second are the most that one reader gets, where it is set.
    """

    early: float = 0.050
    later: float = 0.100
    early_for: float = 1.0
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
        if begins:
            self._first = now
        self._last = now
        if self._pace.characters is not None:
            self.full_until = max(now, self.full_until) + characters / self._pace.characters

    def widen(self) -> None:
        """The gateway said 429: fewer posts, each with more text."""
        self._width = min(2.0 * self._width, self._pace.widest)

    def narrow(self) -> None:
        """A post was taken: back towards the usual pace."""
        self._width = max(0.8 * self._width, 1.0)
