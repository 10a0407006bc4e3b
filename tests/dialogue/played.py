"""A turn played to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tests.builders import NOW, question
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.interrupt import Stop, StopReason
from thinkaloud.dialogue.answer.turn import Abilities, Turn
from thinkaloud.protocol.frames import Complete, Error, Status, Text, TurnFrame
from thinkaloud.state.audit import Audit
from thinkaloud.state.records import Exchange, Outcome, Question

Memory = Callable[[], Awaitable[Sequence[Exchange]]]


async def nothing_before() -> Sequence[Exchange]:
    return []


class Played:
    """A turn played to its end in virtual time.

    `frames` are what a client sees, `outcome` what is stored, `ended_at` when it ended in seconds from its start.
    """

    def __init__(
        self,
        means: Abilities,
        asked: Question | None = None,
        *,
        memory: Memory = nothing_before,
        stop_at: float | None = None,
        stop_after: int | None = None,
        reason: StopReason = "user",
    ) -> None:
        self.frames: list[TurnFrame] = []
        in_virtual_time(self._play(asked or question(), means, memory, stop_at, stop_after, reason))

    async def _play(
        self,
        asked: Question,
        means: Abilities,
        memory: Memory,
        stop_at: float | None,
        stop_after: int | None,
        reason: StopReason,
    ) -> None:
        loop = asyncio.get_running_loop()
        stop = Stop()
        if stop_at is not None:
            loop.call_later(stop_at, stop.ask, reason)
        if stop_after == 0:
            stop.ask(reason)
        turn = Turn(asked, means, memory, stop, clock=lambda: NOW + loop.time())
        async for frame in turn.frames():
            self.frames.append(frame)
            if len(self.frames) == stop_after:
                stop.ask(reason)
        last = self.frames[-1]
        assert isinstance(last, Complete | Error)
        assert not any(isinstance(frame, Complete | Error) for frame in self.frames[:-1]), "one end"
        self.outcome: Outcome = turn.outcome(last)
        self.audit: Audit = turn.audit(last)
        self.ended_at = loop.time()

    @property
    def story(self) -> list[str]:
        """The frames in short: `retrieval start`, `source`, `text`, `complete`."""
        return [f"{frame.phase} {frame.state}" if isinstance(frame, Status) else frame.type for frame in self.frames]

    @property
    def text(self) -> str:
        return "".join(frame.content for frame in self.frames if isinstance(frame, Text))

    @property
    def labels(self) -> list[str]:
        return [frame.label for frame in self.frames if isinstance(frame, Status)]

    @property
    def complete(self) -> Complete:
        last = self.frames[-1]
        assert isinstance(last, Complete)
        return last

    @property
    def error(self) -> Error:
        last = self.frames[-1]
        assert isinstance(last, Error)
        return last
