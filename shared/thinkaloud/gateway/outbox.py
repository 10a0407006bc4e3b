"""The one sender of a turn's frames.

Frames go in as fast as the turn yields them; posts go out one at a time, numbered without a gap, no more often than the
pace allows. API Gateway does not promise order across calls, so a second post starts only when the first has ended.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from thinkaloud.errors import Gone, PayloadTooLarge, PostFailed, Throttled
from thinkaloud.gateway.pace import Coalescer, Pace
from thinkaloud.gateway.poster import Poster
from thinkaloud.protocol import HEARTBEAT
from thinkaloud.protocol.encode import encode
from thinkaloud.protocol.frames import Envelope, Heartbeat, TurnFrame
from thinkaloud.telemetry import logger


@dataclass(frozen=True)
class Address:
    """Where a turn's frames go, and what each of them carries."""

    connection: str
    session: str
    turn: str
    trace: str


@dataclass(frozen=True)
class Backoff:
    """How a refused post is tried again: full jitter below `first * 2**n` and `most`, for `patience`; all in seconds.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    first: float = 0.05
    most: float = 2.0
    patience: float = 30.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait before attempt `attempt` + 1."""
        return random.uniform(0.0, min(self.most, self.first * 2**attempt))  # noqa: S311 - jitter is no secret


class Outbox:
    """Sends a turn's frames in order. `run` does the sending; `put` and `close` are called by the turn.

    A 410, or a post that is refused for longer than the backoff's patience, detaches the outbox: what comes later is
    dropped, and the turn goes on so that its answer is stored.
    """

    def __init__(
        self,
        poster: Poster,
        address: Address,
        *,
        pace: Pace | None = None,
        backoff: Backoff | None = None,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._poster = poster
        self._address = address
        self._queue = Coalescer(pace or Pace())
        self._backoff = backoff or Backoff()
        self._heartbeat = heartbeat
        self._clock = asyncio.get_running_loop().time
        self._changed = asyncio.Event()
        self._closed = False
        self._seq = 0
        self._attached = True
        self._last_post = self._clock()

    @property
    def attached(self) -> bool:
        """Whether somebody is still at the other end, as far as the last post knows."""
        return self._attached

    def put(self, frame: TurnFrame) -> None:
        """Queue a frame. Deltas melt together here, so a slow client costs no more memory than the answer's text."""
        self._queue.push(frame)
        self._changed.set()

    def close(self) -> None:
        """Nothing more will be put; `run` ends when what is queued has been sent."""
        self._closed = True
        self._changed.set()

    async def run(self) -> None:
        """Send until closed and empty, or until nobody listens."""
        while self._attached and not (self._closed and not self._queue):
            now = self._clock()
            due = self._queue.due(now)
            silent = self._last_post + self._heartbeat
            if due is not None and due <= now:
                await self._post(self._numbered(self._queue.take(now)))
            elif due is None and silent <= now:
                await self._post(encode(Heartbeat(session=self._address.session, turn=self._address.turn)))
            else:
                await self._wait(until=silent if due is None else due)

    async def _wait(self, until: float) -> None:
        """Wait for a change of the queue, at most until then."""
        self._changed.clear()
        try:
            async with asyncio.timeout_at(until):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _numbered(self, frame: TurnFrame) -> str:
        self._seq += 1
        address = self._address
        return encode(frame, Envelope(session=address.session, turn=address.turn, seq=self._seq, trace=address.trace))

    async def _post(self, data: str) -> None:
        """Post until it is taken. The same text each time, so that a client drops what arrives twice by its `seq`."""
        started = self._last_post = self._clock()
        attempt = 0
        while True:
            try:
                await self._poster.post(self._address.connection, data)
                self._queue.narrow()
                return
            except Gone:
                break
            except PayloadTooLarge:
                # It would be refused again, and whatever came after it would leave a gap that nobody fills.
                logger().exception("the gateway refused a frame's size", extra={"bytes": len(data.encode())})
                break
            except Throttled:
                self._queue.widen()
            except PostFailed as error:
                logger().warning("a post failed", extra={"attempt": attempt, "detail": str(error)})
            if self._clock() - started > self._backoff.patience:
                break
            await asyncio.sleep(self._backoff.delay(attempt))
            attempt += 1
        self._attached = False
