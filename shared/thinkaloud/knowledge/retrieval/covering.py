"""Whether the documents answer a question at all."""

from __future__ import annotations

from collections.abc import Sequence

from thinkaloud.knowledge.retrieval.search import Candidate

#: What the re-ranker, where it was asked, must give the best passage. It gives most passages that answer more than
#: 0.5, and most others less than 0.1.
RERANKED_COVERS = 0.3
#: The share of the threshold that is asked for where a question leans on the conversation: what that was about often
#: stands in another document than the answer.
LEANING = 0.9
#: The share of it that is enough where the best passages agree: that many of the first ones stand within so many places
#: of the best one, in its document.
AGREED = 0.75
AGREE, LOOKED_AT, WITHIN = 3, 5, 4


def threshold_for(candidates: Sequence[Candidate], abstain_below: float, *, leaning: bool) -> float:
    """The score that the best candidate must reach, or the documents do not answer.

    A question in words of its own scores low, though it is answered. But then the passages that match it a little are
    those around the answer, while words that match by chance are scattered over documents and pages. So less is enough
    where most of the best passages stand together.
    """
    return abstain_below * (LEANING if leaning else 1.0) * (AGREED if _agree(candidates[:LOOKED_AT]) else 1.0)


def covers(candidates: Sequence[Candidate], threshold: float) -> bool:
    """Whether any passage may answer: by the re-ranker where it was asked, since it read both, else by the score.

    The score is little more than the share of the question's information that the best passage holds, weighed by how
    rare each word is among the tenant's documents. So a question whose telling words stand in no document at all scores
    low, whatever else of it is found, and one threshold serves both languages and all sizes.
    """
    if not candidates:
        return False
    best = candidates[0]
    return best.score >= threshold if best.reranked is None else best.reranked >= RERANKED_COVERS


def _agree(best: Sequence[Candidate]) -> bool:
    """Whether enough of these stand near the first one, in its document."""
    near = [
        each
        for each in best
        if each.passage.document == best[0].passage.document
        and abs(each.passage.position - best[0].passage.position) <= WITHIN
    ]
    return len(near) >= AGREE
