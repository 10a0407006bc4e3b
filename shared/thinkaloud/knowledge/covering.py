"""Whether the documents answer a question at all, by how well the best passage matches it."""

from __future__ import annotations

from collections.abc import Sequence

from thinkaloud.knowledge.search import Candidate
from thinkaloud.language import language_of

#: What the threshold is multiplied by for a question in Chinese: half of its pairs of characters cross the border of
#: two words and stand in no passage, so the same match scores lower.
CHINESE = 0.8
#: What the re-ranker, where it was asked, must give the best passage.
RERANKED_COVERS = 0.3


def threshold_for(question: str, abstain_below: float) -> float:
    """The score from which on a passage may answer the question."""
    return abstain_below * (CHINESE if language_of(question) == "zh" else 1.0)


def covers(candidates: Sequence[Candidate], threshold: float) -> bool:
    """Whether any passage may answer: by the re-ranker where it was asked, since it read both, else by the score."""
    if not candidates:
        return False
    best = candidates[0]
    return best.score >= threshold if best.reranked is None else best.reranked >= RERANKED_COVERS
