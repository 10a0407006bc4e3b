"""Golden transcripts: what one connection carried of a turn, line by line, and what a server could replay of it.

`tests/transcripts/NAME.jsonl` holds the lines, `NAME.message.json` the message that every client must make of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from thinkaloud.client import Fold, FrameOrder, Joiner, Received, read
from thinkaloud.protocol.frames import Fragment

FOLDER = Path(__file__).parents[1] / "transcripts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))


@dataclass(frozen=True)
class Transcript:
    """One turn. `lines` as they went over the wire, `message` as the fold of them all."""

    session: str
    turn: str
    lines: tuple[str, ...]
    message: dict[str, Any]

    @classmethod
    def load(cls, name: str) -> Transcript:
        lines = tuple((FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
        accepted = json.loads(lines[0])
        message = json.loads((FOLDER / f"{name}.message.json").read_text(encoding="utf-8"))
        return cls(accepted["session"], accepted["turn"], lines, message)

    def journal(self, *, unwritten: int = 0) -> list[dict[str, Any]]:
        """The numbered frames; without the last `unwritten` before each reset, which died with their worker."""
        frames: list[dict[str, Any]] = []
        for received in unpack(self.lines):
            if received.type == "reset" and unwritten:
                del frames[-unwritten:]
            if received.seq is not None:
                frames.append(received.fields)
        return frames

    def replay(self, after: int, *, most: int, unwritten: int = 0) -> list[dict[str, Any]]:
        """What a server sends to a cursor: `resumed`, then what follows, up to `most` deltas of a part in one frame."""
        rest = [fields for fields in self.journal(unwritten=unwritten) if fields["seq"] > after]
        numbers = {"from": after + 1, "to": rest[-1]["seq"] if rest else after}
        resumed = {"type": "resumed", "session": self.session, "turn": self.turn, "state": "running", **numbers}
        return [resumed, *merged(rest, most)]


def unpack(lines: Iterable[str]) -> Iterator[Received]:
    """Lines off the wire -> frames, the large ones joined."""
    joiner = Joiner()
    for line in lines:
        received = read(line)
        if isinstance(received, Received) and isinstance(received.frame, Fragment):
            whole = joiner.add(received.frame)
            received = None if whole is None else read(whole)
        if isinstance(received, Received):
            yield received


def merged(frames: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Deltas that follow each other in one part, up to `most` of them as one frame that stands for all."""
    found: list[dict[str, Any]] = []
    count = 0
    for fields in frames:
        if found and count < most and fields["type"] in {"text", "reasoning"} and belongs(fields, found[-1]):
            last, count = found.pop(), count + 1
            first = last.get("from", last["seq"])
            fields = {**fields, "from": first, "content": last["content"] + fields["content"]}
        else:
            count = 1
        found.append(fields)
    return found


def belongs(frame: dict[str, Any], first: dict[str, Any]) -> bool:
    return all(frame.get(name) == first[name] for name in ("type", "part", "step"))


class Reader:
    """What a client does with the lines of one turn, without a connection."""

    def __init__(self, transcript: Transcript) -> None:
        self.order = FrameOrder()
        self._fold = Fold(transcript.session, transcript.turn)

    def hear(self, lines: Iterable[str], most: int | None = None) -> None:
        """Take in the frames of one connection, or only the first `most` of its lines."""
        for received in unpack(islice(lines, most)):
            ready = self.order.skip_accepted() if received.type == "resumed" else []
            for frame in [*ready, *self.order.push(received)]:
                self._fold.add(frame)

    @property
    def message(self) -> dict[str, Any]:
        return self._fold.message.to_json()


def encoded(frames: Iterable[dict[str, Any]]) -> list[str]:
    return [json.dumps(fields, ensure_ascii=False) for fields in frames]
