"""The record of what was asked of the models and how it went, for assertions and for the curious."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from localcloud.models.openai_types import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 200

Outcome = Literal["open", "finished", "aborted", "cut", "refused"]


@dataclass
class Exchange:
    """One request. `started` and `finished` are Unix times in seconds.

    `outcome` is `open` while it lasts, then `finished`, `aborted` (the client left), `cut` (a script closed the
    connection) or `refused` (answered with the error `status`). `said` is the text sent so far.
    """

    id: int
    path: str
    model: str
    stream: bool
    messages: list[dict[str, Any]]
    started: float
    finished: float | None = None
    outcome: Outcome = "open"
    status: int = 200
    said: str = ""


class Ledger:
    """Counts every exchange, and remembers the last 200."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._recent: deque[Exchange] = deque(maxlen=KEPT)
        self._ended: Counter[tuple[str, Outcome]] = Counter()
        self._open: Counter[str] = Counter()
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def exchange(
        self, path: str, model: str, *, stream: bool = False, messages: list[dict[str, Any]] | None = None
    ) -> Iterator[Exchange]:
        """Record one exchange for as long as the block runs; what leaves the block tells how it ended."""
        exchange = Exchange(next(self._ids), path, model, stream, messages or [], time.time())
        self._recent.append(exchange)
        self._open[path] += 1
        self._idle.clear()
        try:
            yield exchange
            if exchange.outcome == "open":
                exchange.outcome = "finished"
        except ApiError as error:
            exchange.outcome, exchange.status = "refused", error.status
            raise
        except (asyncio.CancelledError, ConnectionError):
            exchange.outcome = "aborted"
            raise
        except Exception:
            exchange.outcome, exchange.status = "refused", 500
            raise
        finally:
            exchange.finished = time.time()
            self._ended[path, exchange.outcome] += 1
            self._open[path] -= 1
            if not self._open.total():
                self._idle.set()

    def counts(self, path: str) -> dict[Outcome, int]:
        """How many exchanges on `path` are open, and how many have ended in which way."""
        ends: tuple[Outcome, ...] = ("finished", "aborted", "cut", "refused")
        return {"open": self._open[path], **{end: self._ended[path, end] for end in ends}}

    def recent(self) -> list[dict[str, Any]]:
        """The last exchanges, oldest first, as JSON values."""
        return [asdict(exchange) for exchange in self._recent]

    def clear(self) -> None:
        """Forget what has ended; what is open stays counted, and in the record."""
        still_open = [exchange for exchange in self._recent if exchange.outcome == "open"]
        self._recent = deque(still_open, maxlen=KEPT)
        self._ended.clear()

    async def idle(self) -> None:
        """Return once nothing is open."""
        await self._idle.wait()
