"""A question -> the passages to answer it from.

embed ───┐
lexicon ─┴─ query ─ (re-rank) ─ choose
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import IndexQuery, VectorIndex
from thinkaloud.knowledge.retrieval.choosing import choose
from thinkaloud.knowledge.retrieval.covering import covers, threshold_for
from thinkaloud.knowledge.retrieval.reranking import RERANKED, Reranker, When, pays
from thinkaloud.knowledge.retrieval.search import Candidate, Retrieval, Search
from thinkaloud.knowledge.words.dense import blended
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import CONTEXT, query_vector, scaled
from thinkaloud.models.embedding import Embedder
from thinkaloud.telemetry import logger

#: Candidates for each passage that is wanted, and the most: duplicates take places, and the audit shows the others.
CANDIDATES, MOST_CANDIDATES = 4, 30
#: What a dense vector that is to count for nothing is scaled by: the index wants one that is not all zeros.
_LEAST = 1e-6


@dataclass(frozen=True)
class Recipe:
    """How passages are found and chosen.

    Attributes:
        top_k: the most passages.
        dense_weight: what the likeness in meaning counts for, 0 to 1; the rest is for the words.
        match_share: what part of the best score a passage must reach; 0 for any.
        abstain_below: the score that the best passage must reach, or the documents do not answer (see `covering`).
        rerank: when a re-ranker is asked, if there is one.
    """

    top_k: int = 5
    dense_weight: float = 0.3
    match_share: float = 0.3
    abstain_below: float = 0.47
    rerank: When = "unsure"


class HybridRetriever:
    """`Retriever` by one embedding and one query, by meaning and by words at once.

    Attributes:
        recipe: how passages are found and chosen.
        reranker: what is asked for a second opinion, if anything.
    """

    def __init__(
        self,
        embedder: Embedder,
        index: VectorIndex,
        lexicons: Lexicons,
        recipe: Recipe,
        reranker: Reranker | None = None,
    ) -> None:
        self._embedder = embedder
        self._index = index
        self._lexicons = lexicons
        self.recipe = recipe
        self.reranker = reranker

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        clock = _Clock()
        lexicon = asyncio.ensure_future(self._lexicons.of(tenant))
        try:
            # One request for both; the context counts half, as its words do.
            vectors = await self._embedder.embed([search.text, search.context] if search.context else [search.text])
            query = self._query(search, blended(vectors, (1.0, CONTEXT)), await lexicon)
        finally:
            lexicon.cancel()
        clock.lap("embed")
        found = await self._index.query(tenant, query)
        clock.lap("search")
        candidates = [Candidate(match.passage, match.score) for match in found]
        threshold = threshold_for(candidates, self.recipe.abstain_below, leaning=bool(search.context))
        if self.reranker is not None and pays(self.recipe.rerank, [each.score for each in candidates], threshold):
            candidates = await self._reranked(self.reranker, search, candidates)
            clock.lap("rerank")
        matches, candidates = choose(candidates, self.recipe.top_k, self.recipe.match_share)
        return Retrieval(matches, candidates, covers(candidates, threshold), threshold, clock.laps)

    def _query(self, search: Search, dense: Sequence[float], lexicon: Lexicon) -> IndexQuery:
        share = self.recipe.dense_weight
        return IndexQuery(
            dense=[max(share, _LEAST) * value for value in dense],
            sparse=scaled(query_vector(search.text, search.context, lexicon), 1 - share),
            top_k=min(max(CANDIDATES * self.recipe.top_k, 1), max(MOST_CANDIDATES, self.recipe.top_k)),
            filter=search.filter,
        )

    async def _reranked(self, reranker: Reranker, search: Search, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with the re-ranker's scores, in its order; as they were where it does not answer."""
        asked, others = candidates[:RERANKED], candidates[RERANKED:]
        try:
            scores = await reranker.rerank(search.text, [candidate.passage.text for candidate in asked])
        except KnowledgeError as error:
            logger().warning("not re-ranked", extra={"detail": str(error)})
            return list(candidates)
        weighed = [replace(candidate, reranked=score) for candidate, score in zip(asked, scores, strict=True)]
        return [*sorted(weighed, key=lambda candidate: -(candidate.reranked or 0.0)), *others]


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._since, 4)
        self._since = now
