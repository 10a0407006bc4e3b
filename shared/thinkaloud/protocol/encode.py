"""Frames -> text for the wire."""

from __future__ import annotations

import json

from thinkaloud.protocol.frames import Envelope, Fragment, Resumed, TurnFrame, Unsequenced

#: Bytes of UTF-8 in one message: the gateway's limit of a frame,
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
MAX_FRAME = 32 * 1024
#: Bytes of JSON that one text frame may hold besides its envelope, so that the whole stays under the gateway's 32 KB.
MAX_CONTENT = 28 * 1024


def encode(frame: Unsequenced | TurnFrame, envelope: Envelope | None = None) -> str:
    """One frame as compact JSON, with its envelope where it belongs to a turn's sequence."""
    fields = frame.model_dump(mode="json", exclude_none=True, by_alias=True)
    if isinstance(frame, Resumed):
        fields.setdefault("turn", None)  # here null says something: there is no such turn
    if envelope is not None:
        outer = envelope.model_dump(mode="json", exclude_none=True, by_alias=True)
        fields = {"type": fields.pop("type"), **outer, **fields}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def fragments(frame_id: str, encoded: str) -> list[str]:
    """An encoded frame as the messages that carry it: itself if it fits the gateway's 32 KB, else its fragments.

    `frame_id` is the same each time this frame is sent, so that pieces of a post that was tried again still join.
    """
    if len(encoded.encode()) <= MAX_FRAME:
        return [encoded]
    pieces: list[str] = []
    rest = encoded
    while rest:
        piece, rest = split_content(rest)
        pieces.append(piece)
    return [
        encode(Fragment(id=frame_id, index=index, count=len(pieces), data=piece)) for index, piece in enumerate(pieces)
    ]


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
