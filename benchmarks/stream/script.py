"""What the model says and when: 300 tokens on an exact schedule, in English or Chinese."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from functools import cache
from typing import Literal

from localcloud.models.pacing import filler, tokens
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.protocol.frames import Usage

Language = Literal["en", "zh"]

TOKENS = 300
#: Seconds a model takes before its first token. The frames that come before the text have left by then.
THINKING = 0.3
#: Every so many tokens one cites a source.
_CITES_EVERY = 90


@cache
def script(language: Language) -> tuple[str, ...]:
    """The answer's tokens: `TOKENS` of them, three of which are citations."""
    said = tokens(filler(TOKENS, language))
    for number, position in enumerate(range(_CITES_EVERY - 1, TOKENS, _CITES_EVERY), start=1):
        said[position] = f"[{number}]"
    return tuple(said)


class Schedule:
    """When each token is due, on `time.monotonic`; known once the first was waited for.

    A token's time is the one it was due at, even where its reader came late for it: a provider does not wait.
    """

    def __init__(self, said: Sequence[str], rate: float, thinking: float = THINKING) -> None:
        self.said = said
        self.due: tuple[float, ...] = ()
        self._rate = rate
        self._thinking = thinking

    async def play(self) -> AsyncGenerator[str, None]:
        """The tokens, each as soon as it is due."""
        first = time.monotonic() + self._thinking
        self.due = tuple(first + number / self._rate for number in range(len(self.said)))
        for token, due in zip(self.said, self.due, strict=True):
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
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
