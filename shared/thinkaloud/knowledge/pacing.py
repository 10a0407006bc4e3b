"""How fast texts are embedded: within a rate, and again after a pause where the model did not answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

from thinkaloud.errors import KnowledgeError
from thinkaloud.language import estimate_tokens
from thinkaloud.models.embedding import Embedder

#: Seconds before each further try; each is drawn from its upper half, so that many do not come at once.
PAUSES = (1.0, 2.0, 4.0, 8.0)


class Pacing:
    """Embeds within `tokens` a minute, estimated; 0 for as fast as it goes. One pacing is for one model."""

    def __init__(
        self,
        tokens: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._sleep = sleep
        self._free_at = 0.0

    async def embed(self, embedder: Embedder, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order.

        Raises:
            KnowledgeError: the model did not answer any of five times.
        """
        await self._wait_for(texts)
        for pause in PAUSES:
            try:
                return await embedder.embed(texts)
            except KnowledgeError:
                await self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads, does not hide
        return await embedder.embed(texts)

    async def _wait_for(self, texts: Sequence[str]) -> None:
        """Wait until what was embedded before is paid for; several callers queue up in the order they came."""
        if not self._tokens:
            return
        cost = 60.0 * sum(map(estimate_tokens, texts)) / self._tokens
        begin = max(self._free_at, self._clock())
        self._free_at = begin + cost
        await self._sleep(begin - self._clock())
