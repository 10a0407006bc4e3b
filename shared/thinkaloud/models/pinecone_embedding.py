"""Embedding models that Pinecone hosts, through its asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import httpx
from pinecone import AsyncPinecone
from pinecone.errors import PineconeError
from pinecone.models.inference import DenseEmbedding

from thinkaloud.errors import KnowledgeError

#: Texts in one request, https://docs.pinecone.io/reference/api/database-limits#inference-limits
MOST_TEXTS = 96
#: Seconds for one request, with the client's own tries.
TIMEOUT = 20.0


class PineconeEmbedder:
    """Embeds texts as what they are: its models place a question elsewhere than a passage of the same words."""

    def __init__(self, client: AsyncPinecone, model: str, kind: Literal["query", "passage"]) -> None:
        self._client = client
        self._kind = kind
        self.name = model

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for start in range(0, len(texts), MOST_TEXTS):
            vectors += await self._embed(list(texts[start : start + MOST_TEXTS]))
        return vectors

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        try:
            async with asyncio.timeout(TIMEOUT):
                answer = await self._client.inference.embed(
                    model=self.name, inputs=texts, parameters={"input_type": self._kind, "truncate": "END"}
                )
        except (PineconeError, httpx.HTTPError, TimeoutError) as error:
            raise KnowledgeError(f"the embedding model did not answer: {type(error).__name__}: {error}") from error
        vectors = [list(item.values) for item in answer.data if isinstance(item, DenseEmbedding)]
        if len(vectors) != len(texts):
            raise KnowledgeError(f"the embedding model {self.name} did not give a dense vector for each text")
        return vectors
