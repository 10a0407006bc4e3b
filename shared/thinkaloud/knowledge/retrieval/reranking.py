"""A second opinion on the order of the candidates, from a model that reads question and passage together.

It costs about ten times what the rest of a retrieval does, so it is asked where the first order is in doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

import httpx
from pinecone import AsyncPinecone
from pinecone.errors import PineconeError

from thinkaloud.errors import KnowledgeError

#: When the re-ranker is asked.
When = Literal["never", "unsure", "always"]
#: Candidates that are re-ranked: what is further down hardly ever answers.
RERANKED = 10
#: Characters of a passage that the re-ranker reads: bge-reranker-v2-m3 takes 1,024 tokens with the question.
PASSAGE_CHARACTERS = 1_500
#: Seconds: past that the first order is good enough.
RERANK_TIMEOUT = 2.0
#: Scores nearer to each other than this are as good as equal; and nearer to the threshold, neither above nor below it.
CLOSE, DOUBTFUL = 0.05, 0.1


class Reranker(Protocol):
    """A cross-encoder."""

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, 0 to 1, in the texts' order.

        Raises:
            KnowledgeError: the model did not answer.
        """


class PineconeReranker:
    """A re-ranking model that Pinecone hosts."""

    def __init__(self, client: AsyncPinecone, model: str) -> None:
        self._client = client
        self._model = model

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        documents = [{"text": text[:PASSAGE_CHARACTERS]} for text in texts]
        try:
            async with asyncio.timeout(RERANK_TIMEOUT):
                answer = await self._client.inference.rerank(
                    model=self._model, query=question, documents=documents, return_documents=False
                )
        except (PineconeError, httpx.HTTPError, TimeoutError) as error:
            raise KnowledgeError(f"the re-ranker did not answer: {type(error).__name__}: {error}") from error
        scores = {item.index: item.score for item in answer.data}
        return [scores.get(place, 0.0) for place in range(len(texts))]


def pays(when: When, scores: Sequence[float], threshold: float) -> bool:
    """Whether re-ranking is worth its time for candidates with these scores, best first.

    When `unsure`: the first two are as good as equal, so that either may be the answer's; or the best is so near to
    the threshold that whether the documents answer at all is open. Otherwise the first order is right too often for a
    second opinion to change what the model is given.
    """
    if when == "never" or len(scores) < 2:
        return False
    if when == "always":
        return True
    return scores[0] - scores[1] < CLOSE or abs(scores[0] - threshold) < DOUBTFUL
