"""What an answer waits for: what is to come next, until when, and what is the matter where it does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from thinkaloud.client.errors import ClientError, FramesMissing, NoReply
from thinkaloud.protocol import HEARTBEAT

if TYPE_CHECKING:
    from typing import Literal

    from thinkaloud.client.connection import Limits
    from thinkaloud.client.order import FrameOrder

#: Heartbeat intervals of silence that are no accident any more: the server breaks a silence after one. Together with
#: `Limits.resumed`, a dead connection is left after about two.
QUIET = 1.2


class Expectation:
    """First the reply that is `due`; then frames without a hole, and none of them too late.

    `heartbeat` is the server's longest silence, in seconds. `unheard` counts the `resume`s in a row without a reply.
    """

    def __init__(self, limits: Limits, order: FrameOrder) -> None:
        self.due: Literal["accepted", "resumed"] | None = None
        self.heartbeat = HEARTBEAT
        self.unheard = 0
        self._limits = limits
        self._order = order
        self._until = 0.0
        self._heard_at = 0.0
        self._hole_since: float | None = None

    def asked(self) -> None:
        """The question goes out."""
        self._begin("accepted", self._limits.reply)

    def resumed(self) -> None:
        """A `resume` goes out: longer each time, so that a server slow under load is not asked faster than it can."""
        self._begin("resumed", min(self._limits.resumed * 2**self.unheard, self._limits.reply))

    def heard(self) -> None:
        """Something came."""
        self._heard_at = _now()

    def next(self) -> tuple[float, ClientError]:
        """Until when something is to come, by the loop's clock, and what is the matter where it does not."""
        limits, hole = self._limits, self._order.missing
        if self.due == "resumed":
            silence = self._until - self._heard_at
            return self._until, NoReply(f"the server did not say for {silence:g} s where it goes on")
        if self.due == "accepted" and hole is None:
            return self._until, NoReply(f"the question was not accepted: nothing came for {limits.reply:g} s")
        if hole is None:
            self._hole_since = None
            silence = QUIET * self.heartbeat
            return self._heard_at + silence, NoReply(f"the answer fell silent: nothing came for {silence:g} s")
        # Counted from when it showed: the frames that go on arriving behind it must not hide it.
        self._hole_since = self._hole_since or _now()
        return self._hole_since + limits.hole, FramesMissing(*hole)

    def _begin(self, reply: Literal["accepted", "resumed"], seconds: float) -> None:
        self.due, self._heard_at, self._hole_since = reply, _now(), None
        self._until = self._heard_at + seconds


def _now() -> float:
    return asyncio.get_running_loop().time()
