"""Stand-ins that take their time or fail, for what a turn is answered with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import NoReturn

from tests.builders import match
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.retrieval.search import Candidate, Retrieval, Retriever, Search
from thinkaloud.models.chat import ChatMessage, ChatModel, Delta, Finish
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


def retrieval(matches: Sequence[Match], *, covered: bool | None = None) -> Retrieval:
    """What a search comes to that finds these passages, all of them good ones."""
    candidates = [Candidate(match.passage, match.score) for match in matches]
    return Retrieval(
        list(matches),
        candidates,
        covered=bool(matches) if covered is None else covered,
        threshold=0.0,
        timings={"embed": 0.004, "search": 0.006},
    )


class Found:
    """A retriever that finds what it was made with after `seconds`, and notes who searched for what."""

    def __init__(
        self,
        matches: Sequence[Match] = (),
        seconds: float = 0.0,
        *,
        covered: bool | None = None,
        found: Retrieval | None = None,
    ) -> None:
        self.tenants: list[str] = []
        self.searches: list[Search] = []
        self._found = found or retrieval(matches, covered=covered)
        self._seconds = seconds

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        self.tenants.append(tenant)
        self.searches.append(search)
        await asyncio.sleep(self._seconds)
        return self._found


class BrokenRetriever:
    """A retriever whose embedding model or index does not answer."""

    async def retrieve(self, tenant: str, search: Search) -> NoReturn:
        raise KnowledgeError("the index did not answer: ServiceException: 503")


def abilities(
    *,
    chat: ChatModel | None = None,
    retriever: Retriever | None = None,
    prompt_tokens: int = 2_000,
) -> Abilities:
    """Everything works at once and finds one passage, but for what is given."""
    return Abilities(
        retriever=retriever or Found([match()]),
        chat=chat or PacedChat(*ANSWER),
        prompt_tokens=prompt_tokens,
    )
