"""Dense vectors, as the index wants them."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: The length of a vector without a direction: short enough to match nothing, and not zero, which Pinecone refuses.
_FAINT = 1e-4


def unit(vector: Sequence[float]) -> list[float]:
    """`vector` at length 1, so that a dot product is a cosine; faint and level where it has no direction."""
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not length:
        return [_FAINT / math.sqrt(len(vector))] * len(vector)
    return [value / length for value in vector]


def blended(vectors: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """The direction of several vectors together, each counting what its weight says; at length 1."""
    parts = [[weight * value for value in unit(vector)] for vector, weight in zip(vectors, weights, strict=False)]
    return unit([sum(values) for values in zip(*parts, strict=True)])
