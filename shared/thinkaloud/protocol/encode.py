"""Frames -> text for the wire."""

from __future__ import annotations

import json

from thinkaloud.protocol.frames import Accepted, Envelope, Heartbeat, Pong, TurnFrame

#: Bytes of JSON that one text frame may hold besides its envelope, so that the whole stays under the gateway's 32 KB.
MAX_CONTENT = 28 * 1024


def encode(frame: Accepted | Pong | Heartbeat | TurnFrame, envelope: Envelope | None = None) -> str:
    """One frame as compact JSON, with its envelope where it belongs to a turn's sequence."""
    fields = frame.model_dump(mode="json", exclude_none=True)
    if envelope is not None:
        fields = {"type": fields.pop("type"), **envelope.model_dump(mode="json"), **fields}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def split_content(content: str, limit: int = MAX_CONTENT) -> tuple[str, str]:
    """(what fits into one frame, the rest), cut between characters. `limit` is in bytes of JSON.

    Never cuts inside a character: Python strings hold code points, and each is encoded whole.
    """
    if json_size(content) <= limit:
        return content, ""
    low, high = 1, len(content)
    while low < high:
        middle = (low + high + 1) // 2
        if json_size(content[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return content[:low], content[low:]


def json_size(content: str) -> int:
    """Bytes of a string as JSON, quotes included."""
    return len(json.dumps(content, ensure_ascii=False).encode())
