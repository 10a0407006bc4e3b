"""Candidates -> the passages to answer from: the best, each once, and none that is far below the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.retrieval.search import Candidate, Dropped

#: Characters of a shingle, and the share of the shorter text's that the longer one must hold to be its duplicate.
SHINGLE, SAME = 12, 0.8


def choose(ranked: Sequence[Candidate], top_k: int, share: float) -> tuple[list[Match], list[Candidate]]:
    """The matches, and the candidates with why each other one was dropped.

    Args:
        ranked: best first, by the re-ranker's score where there is one.
        top_k: the most matches.
        share: what part of the best score a match must reach; 0 for any.
    """
    floor = share * max((candidate.score for candidate in ranked), default=0.0)
    matches: list[Match] = []
    kept: list[frozenset[str]] = []
    told: list[Candidate] = []
    for candidate in ranked:
        shingles = frozenset[str]()
        dropped: Dropped | None = None
        if len(matches) == top_k:
            dropped = "room"
        elif candidate.score < floor:
            dropped = "score"
        else:
            shingles = _shingles(candidate.passage.text)
            if any(_alike(shingles, other) for other in kept):
                dropped = "duplicate"
        told.append(replace(candidate, dropped=dropped))
        if dropped is None:
            matches.append(Match(candidate.passage, candidate.score))
            kept.append(shingles)
    return matches, told


def _shingles(text: str) -> frozenset[str]:
    """Every run of `SHINGLE` characters, however the white space is."""
    flat = " ".join(text.split())
    return frozenset(flat[at : at + SHINGLE] for at in range(max(1, len(flat) - SHINGLE + 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= SAME * min(len(one), len(other))
