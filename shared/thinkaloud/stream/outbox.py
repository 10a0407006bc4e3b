"""The one sender of a turn's frames: a lane for each reader, each with at most one post in flight.

API Gateway does not promise order across calls, so a reader's next post starts only when the last one has ended.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from thinkaloud.errors import Gone, PayloadTooLarge, PostFailed, Throttled
from thinkaloud.gateway.poster import Poster
from thinkaloud.protocol import HEARTBEAT
from thinkaloud.protocol.encode import encode, fragments
from thinkaloud.protocol.frames import Envelope, Heartbeat, Resumed
from thinkaloud.stream.lane import Lane, Post
from thinkaloud.stream.log import TurnLog
from thinkaloud.stream.pace import Pace
from thinkaloud.telemetry import logger


@dataclass(frozen=True)
class Address:
    """What every frame of the turn carries."""

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


class _Detached(Exception):
    """Nobody takes anything at the other end of this lane; `gone` where the gateway says that nobody is there."""

    def __init__(self, *, gone: bool = False) -> None:
        super().__init__()
        self.gone = gone


@dataclass(frozen=True)
class _Reading:
    """One reader: its lane, the task that serves it, and the replies to its `resume`s that it has not had yet."""

    lane: Lane
    task: asyncio.Task[None]
    changed: asyncio.Event
    owed: deque[Resumed]


class Outbox:
    """Sends the frames of `log` to every attached reader, until each has all of them or is gone.

    Args:
        may_post: whether the worker still holds its lease; once it says no, nothing more is posted.
        left: told the connection of a reader that is not served any more before it had everything.
        gone: told, after that, the connection of one that answered 410.
    """

    def __init__(
        self,
        poster: Poster,
        address: Address,
        log: TurnLog,
        *,
        pace: Pace | None = None,
        backoff: Backoff | None = None,
        heartbeat: float = HEARTBEAT,
        may_post: Callable[[], bool] = lambda: True,
        left: Callable[[str], None] = lambda connection: None,
        gone: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._poster = poster
        self._address = address
        self._log = log
        self._pace = pace or Pace()
        self._backoff = backoff or Backoff()
        self._heartbeat = heartbeat
        self._may_post = may_post
        self._left = left
        self._gone = gone
        self._clock = asyncio.get_running_loop().time
        self._readers: dict[str, _Reading] = {}
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.posts = 0

    @property
    def readers(self) -> int:
        """How many still listen, as far as their last posts know."""
        return len(self._readers)

    def changed(self) -> None:
        """The log has something new, or has ended."""
        for reading in self._readers.values():
            reading.changed.set()

    def attach(self, connection: str, after: int = 0, hello: Resumed | None = None) -> None:
        """Send to this connection what comes behind `after`, with `hello` before it.

        A connection that is attached already starts over from there, or from where it is, if that is less: its client
        has asked again, for one who listens or another, and drops what it has seen. Replies it was not sent yet come
        first.
        """
        start, owed = min(after, self._log.last), deque[Resumed]()
        if running := self._readers.get(connection):
            running.task.cancel()
            start, owed = min(start, running.lane.cursor), running.owed
        if hello is not None:
            owed.append(hello)
        lane, changed = Lane(start, self._pace), asyncio.Event()
        task = asyncio.create_task(self._serve(connection, lane, changed, owed))
        self._readers[connection] = _Reading(lane, task, changed, owed)
        task.add_done_callback(lambda done: self._ended(connection, done))

    async def drained(self) -> None:
        """Wait until every reader has everything, or is gone. The log must have ended."""
        while self._readers:
            await asyncio.wait([reading.task for reading in self._readers.values()])

    async def aclose(self) -> None:
        """Stop sending at once."""
        tasks = [reading.task for reading in self._readers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, connection: str, done: asyncio.Task[None]) -> None:
        if (reading := self._readers.get(connection)) and reading.task is done:
            del self._readers[connection]
        if not done.cancelled() and (error := done.exception()) is not None:
            logger().error("a lane failed", exc_info=error, extra={"connection": connection})

    async def _serve(self, connection: str, lane: Lane, changed: asyncio.Event, owed: deque[Resumed]) -> None:
        spoke = self._clock()
        try:
            while owed:
                await self._post(connection, lane, [encode(owed[0])])
                owed.popleft()
            while not self._log.exhausted(lane.cursor) and self._may_post():
                now = self._clock()
                due = lane.due(self._log, now)
                if due is not None and due <= now:
                    await self._send(connection, lane, lane.next(self._log, now))
                    spoke = now
                elif spoke + self._heartbeat <= now:
                    alive = Heartbeat(session=self._address.session, turn=self._address.turn)
                    await self._post(connection, lane, [encode(alive)])
                    spoke = now
                else:
                    silent = spoke + self._heartbeat
                    await _wait(changed, silent if due is None else min(due, silent))
        except _Detached as detached:
            self._left(connection)
            if detached.gone and self._gone is not None:
                await self._gone(connection)

    async def _send(self, connection: str, lane: Lane, post: Post) -> None:
        address = self._address
        envelope = Envelope(
            session=address.session,
            turn=address.turn,
            seq=post.last,
            first=post.first if post.first != post.last else None,
            trace=address.trace,
        )
        await self._post(connection, lane, fragments(f"{address.turn}-{post.last}", encode(post.frame, envelope)))
        lane.sent(post)

    async def _post(self, connection: str, lane: Lane, messages: list[str]) -> None:
        """Post each until it is taken: the same text every time, so that a client drops by `seq` what comes twice.

        Raises:
            _Detached: nobody is there, or nothing got through for too long.
        """
        for message in messages:
            started, attempt = self._clock(), 0
            while self._may_post():
                self.posts += 1
                try:
                    async with self._lines[connection]:
                        await _to_its_end(self._poster.post(connection, message))
                    break
                except Gone:
                    raise _Detached(gone=True) from None
                except PayloadTooLarge:
                    # It would be refused again, and what came after it would leave a gap that nobody fills.
                    logger().exception("the gateway refused a frame's size", extra={"bytes": len(message.encode())})
                    raise _Detached from None
                except Throttled:
                    lane.refused()
                except PostFailed as error:
                    logger().warning("a post failed", extra={"attempt": attempt, "detail": str(error)})
                if self._clock() - started > self._backoff.patience:
                    raise _Detached
                await asyncio.sleep(self._backoff.delay(attempt))
                attempt += 1


async def _to_its_end(post: Coroutine[object, object, None]) -> None:
    """Await a post, even when cancelled: it cannot be called back, and no other may overtake it."""
    posting = asyncio.ensure_future(post)
    try:
        await asyncio.shield(posting)
    except asyncio.CancelledError:
        await asyncio.wait({posting})
        if not posting.cancelled():
            posting.exception()
        raise


async def _wait(changed: asyncio.Event, until: float) -> None:
    """Wait for a change of the log, at most until then."""
    changed.clear()
    try:
        async with asyncio.timeout_at(until):
            await changed.wait()
    except TimeoutError:
        pass
