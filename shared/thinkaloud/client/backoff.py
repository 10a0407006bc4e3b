"""How long to wait before the next attempt to connect."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: seconds, and how many attempts there are in all.

    Full jitter (a uniform draw between nothing and the limit) spreads the clients of a gateway that has just come
    back better than a fixed delay with noise: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    attempts: int = 6
    first: float = 0.25
    most: float = 8.0

    def delays(self, draw: Callable[[], float]) -> Iterator[float]:
        """One delay between each two attempts; `draw` gives numbers from 0 to 1."""
        return islice(self.endless(draw), self.attempts - 1)

    def endless(self, draw: Callable[[], float]) -> Iterator[float]:
        """The same delays, for who goes by the clock and not by attempts."""
        limit = self.first
        while True:
            yield draw() * limit
            limit = min(limit * 2, self.most)
