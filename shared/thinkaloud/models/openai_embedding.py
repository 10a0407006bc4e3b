"""Any OpenAI-compatible embeddings endpoint, through the official client."""

from __future__ import annotations

from collections.abc import Sequence

import httpx2
import openai

from thinkaloud.errors import KnowledgeError


class OpenAIEmbedder:
    """Embeds in one request."""

    def __init__(self, client: openai.AsyncOpenAI, model: str) -> None:
        self._client = client
        self.name = model

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            answer = await self._client.embeddings.create(model=self.name, input=list(texts), encoding_format="float")
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise KnowledgeError(f"the embedding model did not answer: {type(error).__name__}: {error}") from error
        if len(answer.data) != len(texts):
            raise KnowledgeError(f"the embedding model gave {len(answer.data)} vectors for {len(texts)} texts")
        return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
