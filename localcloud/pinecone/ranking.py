"""Texts as terms: sparse embeddings, and how well a document answers a query."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from localcloud.models.text import terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localcloud.models.embedding import Embedder

#: How much of a score is shared terms; the rest is the cosine of the embeddings.
OVERLAP_SHARE = 0.6


def sparse_embedding(text: str, *, with_tokens: bool) -> dict[str, Any]:
    """The terms of `text` as a sparse vector: a 32-bit hash of each as its index, its damped weight as its value."""
    weights: dict[int, float] = {}
    tokens: dict[int, str] = {}
    for term, count in Counter(terms(text)).items():
        index = int.from_bytes(hashlib.blake2b(term.text.encode(), digest_size=4).digest(), "big")
        weights[index] = weights.get(index, 0.0) + term.weight * (1 + math.log(count))
        tokens[index] = term.text
    indices = sorted(weights)
    embedding: dict[str, Any] = {
        "vector_type": "sparse",
        "sparse_indices": indices,
        "sparse_values": [weights[index] for index in indices],
    }
    if with_tokens:
        embedding["sparse_tokens"] = [tokens[index] for index in indices]
    return embedding


def relevance(query: str, documents: Sequence[str], embedder: Embedder | None) -> list[float]:
    """How well each document answers `query`, from 0 to 1: the share of its terms they have and, with an embedder,
    how close they are in meaning.
    """
    wanted = {term.text: term.weight for term in terms(query)}
    overlaps = [_overlap(wanted, document) for document in documents]
    if embedder is None:
        return overlaps
    vectors = embedder.embed([query, *documents])
    cosines = np.clip(vectors[1:] @ vectors[0], 0, 1)
    return [
        OVERLAP_SHARE * overlap + (1 - OVERLAP_SHARE) * float(cosine)
        for overlap, cosine in zip(overlaps, cosines, strict=True)
    ]


def _overlap(wanted: Mapping[str, float], document: str) -> float:
    """What part of the wanted terms, by weight, a document has."""
    total = sum(wanted.values())
    there = {term.text for term in terms(document)}
    # Summed in one order both times, so that a document with all of them has exactly 1.
    return sum(weight for text, weight in wanted.items() if text in there) / total if total else 0.0
