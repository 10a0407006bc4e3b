"""Asking over the real client, and looking at what came."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from thinkaloud.client import Answer, Client

#: Words that hold a sentence together and say nothing of what it is about.
_SAYS_NOTHING = [
    "at",
    "by",
    "for",
    "from",
    "in",
    "into",
    "of",
    "on",
    "onto",
    "per",
    "to",
    "upon",
    "with",
    "within",
    "without",
]


def unlike_others() -> str:
    """An ending by which a question is told from all others, and that changes nothing about what the documents say."""
    return " ".join(random.choices(_SAYS_NOTHING, k=8))


@dataclass(frozen=True)
class Heard:
    """Every frame of one answer, as JSON objects, in order."""

    answer: Answer
    frames: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def text(self) -> str:
        return "".join(frame["content"] for frame in self.of("text"))

    @property
    def last(self) -> dict[str, Any]:
        return self.frames[-1]

    @property
    def numbers(self) -> list[int]:
        """Every number that was told, each of those a frame stands for."""
        told = [frame for frame in self.frames if "seq" in frame]
        return [number for frame in told for number in range(frame.get("from", frame["seq"]), frame["seq"] + 1)]


async def ask(client: Client, text: str, **options: Any) -> Heard:
    """Ask, and listen to the end."""
    answer = client.ask(text, **options)
    return Heard(answer, [received.fields async for received in answer])
