"""Texts -> vectors: the protocol, the OpenAI-compatible endpoint, and a small local stand-in."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Protocol

from thinkaloud.language import normalise


class Embedder(Protocol):
    """A model that turns texts into vectors of one length."""

    name: str

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order.

        Raises:
            KnowledgeError: the model did not answer.
        """


class HashingEmbedder:
    """Counts character bigrams into `dimensions` buckets: no model, but near texts get near vectors. For tests."""

    def __init__(self, dimensions: int = 256) -> None:
        self.name = f"hashing-{dimensions}"
        self._dimensions = dimensions

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._embed(normalise(text).lower()) for text in texts]

    def _embed(self, text: str) -> list[float]:
        vector = [0.0] * self._dimensions
        for start in range(max(1, len(text) - 1)):
            digest = hashlib.blake2b(text[start : start + 2].encode(), digest_size=4).digest()
            vector[int.from_bytes(digest) % self._dimensions] += 1.0
        length = math.sqrt(sum(value * value for value in vector)) or 1.0
        return [value / length for value in vector]
