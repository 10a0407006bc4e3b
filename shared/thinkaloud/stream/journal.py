"""Segments of a turn's journal: numbered frames as compact text, and back.

Deltas of one part are written as one text with the length of each, so that a segment costs little more than its text
and still cuts at every number a reader may have seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from thinkaloud.errors import JournalBroken
from thinkaloud.protocol.encode import json_size
from thinkaloud.protocol.frames import Reasoning, Reset, Text, TurnFrame
from thinkaloud.state.records import Segment
from thinkaloud.stream.log import Entry, same_part

_FRAME: TypeAdapter[TurnFrame] = TypeAdapter(
    Annotated[TurnFrame, Field(discriminator="type")], config=ConfigDict(defer_build=True)
)
_LENGTHS = "lengths"
#: Bytes of JSON in a segment. DynamoDB's limit is 400 KB an item, and what is random text grows when compressed.
MOST_BYTES = 380_000
#: Bytes that a delta of a new part has beside its text and the part's name.
_DELTA_BYTES = 80


def segments(epoch: int, entries: Sequence[Entry]) -> list[Segment]:
    """Write frames down, in as many segments as it takes for each to fit into an item, however ill it compresses.

    A frame is the least that a segment holds.
    """
    found: list[Segment] = []
    begun: list[Entry] = []
    size = 0
    for entry in entries:
        more = _size(entry.frame)
        if begun and size + more > MOST_BYTES:
            found.append(segment(epoch, begun))
            begun, size = [], 0
        begun.append(entry)
        size += more
    return [*found, segment(epoch, begun)] if begun else found


def segment(epoch: int, entries: Sequence[Entry]) -> Segment:
    """Write frames down as one segment."""
    rows: list[dict[str, Any]] = []
    before: TurnFrame | None = None
    for entry in entries:
        frame = entry.frame
        if isinstance(frame, Text | Reasoning) and isinstance(before, Text | Reasoning) and same_part(frame, before):
            rows[-1]["content"] += frame.content
            rows[-1][_LENGTHS].append(len(frame.content))
        else:
            row = frame.model_dump(mode="json", exclude_none=True, by_alias=True)
            if isinstance(frame, Text | Reasoning):
                row[_LENGTHS] = [len(frame.content)]
            rows.append(row)
        before = frame
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return Segment(epoch, entries[0].seq, entries[-1].seq, text)


def entries_of(segments: Iterable[Segment]) -> list[Entry]:
    """The frames that hold, in order: of each number what the latest worker wrote.

    A worker that lost its lease may have written numbers after its successor began; a successor always begins above
    every number that was ever given out, so what an older epoch wrote there is dropped.

    Raises:
        JournalBroken: a segment is not what was written.
    """
    ordered = sorted(segments, key=lambda item: (item.epoch, item.first))
    kept: list[Entry] = []
    ceiling = {item.epoch: item.first for item in reversed(ordered)}
    for item in ordered:
        above = min((first for epoch, first in ceiling.items() if epoch > item.epoch), default=None)
        kept += [entry for entry in _read(item) if above is None or entry.seq < above]
    return kept


def contiguous(entries: Sequence[Entry], cursor: int) -> bool:
    """Whether a reader at `cursor` can go on from these frames: the next number is there, or a `reset` of all
    that was said leads on.
    """
    expected = cursor + 1
    for entry in entries:
        if entry.seq < expected:
            continue
        if entry.seq != expected and not (isinstance(entry.frame, Reset) and entry.frame.step == 0):
            return False
        expected = entry.seq + 1
    return True


def _size(frame: TurnFrame) -> int:
    """Bytes of JSON that a frame adds to a segment, or somewhat more."""
    if isinstance(frame, Text | Reasoning):
        return json_size(frame.content) + len(frame.part) + _DELTA_BYTES
    return len(frame.model_dump_json(exclude_none=True, by_alias=True).encode())


def _read(item: Segment) -> Iterator[Entry]:
    seq = item.first
    try:
        for row in json.loads(item.frames):
            lengths, start = row.pop(_LENGTHS, None), 0
            content = row.get("content", "")
            if lengths and sum(lengths) != len(content):
                raise ValueError("the lengths are another text's")
            for length in lengths or [None]:
                if length is not None:
                    row["content"] = content[start : start + length]
                    start += length
                yield Entry(seq, _FRAME.validate_json(json.dumps(row)))
                seq += 1
    except (ValueError, TypeError, AttributeError) as error:
        raise JournalBroken(f"segment {item.epoch}/{item.first} cannot be read: {error}") from error
    if seq != item.last + 1:
        raise JournalBroken(f"segment {item.epoch}/{item.first} holds {seq - item.first} frames, not up to {item.last}")
