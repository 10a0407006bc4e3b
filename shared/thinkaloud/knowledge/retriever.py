"""A question -> the passages to answer it from."""

from __future__ import annotations

import time

from thinkaloud.knowledge.index import VectorIndex
from thinkaloud.knowledge.search import Candidate, Retrieval, Search
from thinkaloud.models.embedding import Embedder


class IndexRetriever:
    """`Retriever` by one embedding and one query."""

    def __init__(self, embedder: Embedder, index: VectorIndex, top_k: int) -> None:
        self._embedder = embedder
        self._index = index
        self._top_k = top_k

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        started = time.perf_counter()
        [vector] = await self._embedder.embed([search.text])
        embedded = time.perf_counter()
        matches = await self._index.query(tenant, vector, self._top_k)
        timings = {"embed": round(embedded - started, 4), "search": round(time.perf_counter() - embedded, 4)}
        candidates = [Candidate(match.passage, match.score) for match in matches]
        return Retrieval(matches, candidates, covered=bool(matches), threshold=0.0, timings=timings)
