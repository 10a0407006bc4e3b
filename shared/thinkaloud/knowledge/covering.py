"""Whether the documents answer a question at all."""

from __future__ import annotations

from collections.abc import Sequence

from thinkaloud.knowledge.search import Candidate

#: What the re-ranker, where it was asked, must give the best passage. It gives most passages that answer more than
#: 0.5, and most others less than 0.1.
RERANKED_COVERS = 0.3
#: The share of the threshold that is asked for where a question leans on the conversation: what that was about often
#: stands in another document than the answer.
LEANING = 0.9


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
