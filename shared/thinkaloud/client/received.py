"""Text off the socket -> what the client makes of it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from thinkaloud.client.errors import GatewayError
from thinkaloud.errors import FrameError
from thinkaloud.protocol.decode import decode_server_frame
from thinkaloud.protocol.frames import TurnFrame, Unsequenced

#: Frame types after which a turn says nothing more.
FINAL_TYPES = frozenset({"complete", "error"})


@dataclass(frozen=True, slots=True)
class Received:
    """One server frame.

    `fields` is the whole JSON object as it came. `frame` is its model, or None where this version does not know the
    type or a value in it: such a frame is ignored, though its number counts and a final one still ends the turn.
    `seq` is None outside of a turn's sequence.
    """

    type: str
    fields: dict[str, Any]
    frame: Unsequenced | TurnFrame | None = None

    @property
    def turn(self) -> str | None:
        """The turn this frame speaks of."""
        return _text(self.fields.get("turn"))

    @property
    def re(self) -> str | None:
        """The `id` of the client's frame that this one answers."""
        return _text(self.fields.get("re"))

    @property
    def seq(self) -> int | None:
        """Its number within the turn, from 1."""
        value = self.fields.get("seq")
        return value if type(value) is int and value > 0 else None

    @property
    def first(self) -> int | None:
        """The first of the numbers it stands for: its own `seq`, unless it is a replayed range."""
        value, seq = self.fields.get("from"), self.seq
        return value if type(value) is int and seq is not None and 0 < value <= seq else seq

    @property
    def final(self) -> bool:
        """Whether the turn is over with this frame."""
        return self.type in FINAL_TYPES


def read(body: str | bytes) -> Received | GatewayError | None:
    """Read one message of the server; None for what is no JSON object and says nothing to a client.

    An object without `type` is the gateway's own: `{"message", "connectionId", "requestId"}`.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    kind = fields.get("type")
    if not isinstance(kind, str):
        return GatewayError(_text(fields.get("message")) or "an error", _text(fields.get("requestId")) or "")
    try:
        frame = decode_server_frame(body if isinstance(body, str) else body.decode())
    except FrameError:
        frame = None
    return Received(kind, fields, frame)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
