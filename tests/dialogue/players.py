"""Stand-ins that take their time or fail, for what a turn is answered with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import NoReturn

from tests.builders import match
from thinkaloud.dialogue.turn import Abilities
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import Match, MemoryIndex
from thinkaloud.models.chat import ChatMessage, ChatModel, Delta, Finish
from thinkaloud.models.embedding import Embedder, HashingEmbedder
from thinkaloud.protocol.frames import Usage

#: An answer that cites the first passage.
ANSWER: list[Delta | Finish] = [
    Delta("A refund takes "),
    Delta("five working days [1]."),
    Finish("stop", Usage(prompt=120, completion=8)),
]


class PacedChat:
    """Plays a script in which a number is a pause in seconds; notes its prompts, and when its stream was closed."""

    name = "paced"

    def __init__(self, *script: Delta | Finish | Exception | float) -> None:
        self.prompts: list[list[ChatMessage]] = []
        self.closed_at: float | None = None
        self._script = script

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        self.prompts.append(list(messages))
        try:
            for item in self._script:
                if isinstance(item, Exception):
                    raise item
                if isinstance(item, Delta | Finish):
                    yield item
                else:
                    await asyncio.sleep(item)
        finally:
            self.closed_at = asyncio.get_running_loop().time()


class FoundIndex(MemoryIndex):
    """Finds what it was made with after `seconds`, and notes the tenants that asked."""

    def __init__(self, matches: Sequence[Match], seconds: float = 0.0) -> None:
        super().__init__()
        self.tenants: list[str] = []
        self._matches = list(matches)
        self._seconds = seconds

    async def query(self, tenant: str, vector: Sequence[float], top_k: int) -> list[Match]:
        self.tenants.append(tenant)
        await asyncio.sleep(self._seconds)
        return self._matches[:top_k]


class BrokenIndex(MemoryIndex):
    """An index that does not answer."""

    async def query(self, tenant: str, vector: Sequence[float], top_k: int) -> NoReturn:
        raise KnowledgeError("the index did not answer: ServiceException: 503")


class SlowEmbedder(HashingEmbedder):
    """Takes a minute."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        await asyncio.sleep(60.0)
        return await super().embed(texts)


class BrokenEmbedder(HashingEmbedder):
    """A model that does not answer."""

    async def embed(self, texts: Sequence[str]) -> NoReturn:
        raise KnowledgeError("the embedding model did not answer: APIConnectionError")


def abilities(
    *,
    chat: ChatModel | None = None,
    index: MemoryIndex | None = None,
    embedder: Embedder | None = None,
    top_k: int = 5,
    prompt_tokens: int = 2_000,
) -> Abilities:
    """Everything works at once and finds one passage, but for what is given."""
    return Abilities(
        embedder=embedder or HashingEmbedder(8),
        index=index or FoundIndex([match()]),
        chat=chat or PacedChat(*ANSWER),
        top_k=top_k,
        prompt_tokens=prompt_tokens,
    )
