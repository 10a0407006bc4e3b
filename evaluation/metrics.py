"""Figures from rankings, sets and durations. Pure, and each defined where the docstring says."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """What one question adds to a figure: `part` of `whole`. A figure is the sum of parts by the sum of wholes.

    So that a mean over questions (`whole` 1) and a share of all citations (`whole` as many as the answer has) add up,
    and are resampled, in the same way.
    """

    part: float
    whole: float = 1.0


def total(shares: Iterable[Share]) -> float | None:
    """The figure that the shares make; None where there is nothing to measure."""
    parts, wholes = 0.0, 0.0
    for share in shares:
        parts += share.part
        wholes += share.whole
    return parts / wholes if wholes else None


def rank(ranking: Sequence[str], places: Collection[str]) -> int | None:
    """The rank, from 1, of the first of `places` among the distinct places of a ranking; None where none is in it.

    Several passages of one place take one rank: how a document was cut must not push others down.
    """
    return next((number for number, place in enumerate(dict.fromkeys(ranking), start=1) if place in places), None)


def hit(ranking: Sequence[str], places: Collection[str], depth: int) -> bool:
    """Whether one of `places` is among the first `depth`."""
    found = rank(ranking, places)
    return found is not None and found <= depth


def reciprocal_rank(ranking: Sequence[str], places: Collection[str]) -> float:
    """1 / rank, and 0 where the place was not found. https://en.wikipedia.org/wiki/Mean_reciprocal_rank"""
    found = rank(ranking, places)
    return 1 / found if found else 0.0


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank); None of none.

    https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
