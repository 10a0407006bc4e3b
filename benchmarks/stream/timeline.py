"""From what was sent and what was seen to figures. Pure: times in seconds come in, milliseconds go out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

System = Literal["thinkaloud", "post-per-token", "fastapi"]
SYSTEMS: tuple[System, ...] = ("thinkaloud", "post-per-token", "fastapi")


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values have no percentile")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Piece:
    """Text that reached the client in one message, and when."""

    at: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """One answer: when the model said each token, when all of it was shown, and in how many messages.

    `seconds` is how long its function worked for it, where one did.
    """

    said: tuple[float, ...]
    shown: tuple[float, ...]
    posts: int
    seconds: float = 0.0

    @property
    def delays(self) -> list[float]:
        """How long after it was said each token was shown, in ms."""
        return [(shown - said) * 1000 for said, shown in zip(self.said, self.shown, strict=True)]

    @property
    def end_lag(self) -> float:
        """How long after the model's last token the last text was shown, in ms."""
        return (max(self.shown) - self.said[-1]) * 1000

    def part(self, *, early: bool) -> list[float]:
        """The delays of the tokens in the first second of text, or of those after it."""
        second = self.said[0] + 1.0
        return [delay for said, delay in zip(self.said, self.delays, strict=True) if (said < second) is early]


def shown_times(tokens: Sequence[str], pieces: Sequence[Piece]) -> tuple[float, ...]:
    """When each token stood at the client in full.

    Raises:
        ValueError: the pieces do not join to the tokens.
    """
    if (joined := "".join(piece.text for piece in pieces)) != (text := "".join(tokens)):
        raise ValueError(f"the client has {len(joined)} characters that are not the model's {len(text)}")
    shown: list[float] = []
    arrived, end = 0, 0
    waiting = iter(pieces)
    at = 0.0
    for token in tokens:
        end += len(token)
        while arrived < end:
            piece = next(waiting)
            arrived, at = arrived + len(piece.text), piece.at
        shown.append(at)
    return tuple(shown)


@dataclass(frozen=True)
class Run:
    """Some answers of one system under one load: `rate` tokens a second, `post_ms` a post.

    Each figure is the median of what it is for each answer, so that a moment in which the machine was busy with
    something else does not make it. Times are in ms.
    """

    system: System
    post_ms: int
    rate: int
    answers: tuple[Timeline, ...]

    @property
    def posts(self) -> float:
        """Messages an answer took."""
        return median(answer.posts for answer in self.answers)

    @property
    def end_lag(self) -> float:
        """From the model's last token until the last text was shown."""
        return median(answer.end_lag for answer in self.answers)

    @property
    def first_delay_p50(self) -> float:
        """The first token's delay."""
        return median(answer.delays[0] for answer in self.answers)

    @property
    def delay_p95(self) -> float:
        """The 95th percentile of the delays of an answer's tokens."""
        return median(percentile(answer.delays, 0.95) for answer in self.answers)

    @property
    def early_p95(self) -> float:
        """The same of the tokens in the first second of text."""
        return median(percentile(answer.part(early=True), 0.95) for answer in self.answers)

    @property
    def later_p95(self) -> float:
        """The same of the tokens after it."""
        return median(percentile(answer.part(early=False), 0.95) for answer in self.answers)
