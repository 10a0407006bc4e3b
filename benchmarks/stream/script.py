"""What the model says and when: 300 tokens on an exact schedule, in English or Chinese."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from localcloud.models.pacing import tokens
from thinkaloud.knowledge.documents import Document, text_document
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.protocol.frames import Usage

Language = Literal["en", "zh"]

TOKENS = 300
_HANDBOOK = Path(__file__).parents[2] / "samples" / "handbook"
#: Seconds a model takes before its first token. The frames that come before the text have left by then.
THINKING = 0.3
#: Seconds by which a timer of asyncio may be late without anybody's fault: epoll counts whole milliseconds.
_TIMER = 0.0011
#: Every so many tokens one cites a source.
_CITES_EVERY = 90


@cache
def handbook(language: Language) -> list[Document]:
    """The sample handbook's documents, as plain text: headings then end no chunk, and chunks are full."""
    paths = sorted((_HANDBOOK / language).glob("*.md"))
    return [text_document(path.read_text(encoding="utf-8"), path.name, path.stem) for path in paths]


@cache
def script(language: Language) -> tuple[str, ...]:
    """The answer's tokens: the first `TOKENS` of the handbook, three of which are citations in their place."""
    said = tokens("\n\n".join(document.text() for document in handbook(language)))[:TOKENS]
    for number, position in enumerate(range(_CITES_EVERY - 1, TOKENS, _CITES_EVERY), start=1):
        said[position] = f"[{number}]"
    return tuple(said)


class Schedule:
    """Says tokens at a rate, and keeps when, on `time.monotonic`.

    A token is said when it is due, even where its reader comes late for it: a provider does not wait. Only what the
    event loop's timer is late by its own coarseness counts as the model's.
    """

    def __init__(self, said: Sequence[str], rate: float, thinking: float = THINKING) -> None:
        self.times: list[float] = []
        self._said = said
        self._rate = rate
        self._thinking = thinking

    async def play(self) -> AsyncGenerator[str, None]:
        """The tokens, each as soon as it is due."""
        first = time.monotonic() + self._thinking
        for number, token in enumerate(self._said):
            due = first + number / self._rate
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
                self.times.append(min(time.monotonic(), due + _TIMER))
            else:
                self.times.append(due)
            yield token


class ScheduledChat:
    """A `ChatModel` that says what its schedule says."""

    name = "scheduled"

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        async for token in self._schedule.play():
            yield Delta(token)
        yield Finish("stop", Usage(prompt=sum(len(each.content) for each in messages) // 3, completion=TOKENS))
