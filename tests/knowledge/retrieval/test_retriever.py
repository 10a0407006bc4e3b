"""A question finds its passages by one embedding and one query, and says how."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.builders import match, passage
from tests.virtual_time import in_virtual_time
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import IndexQuery, Match, PassageVector
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.retrieval.reranking import CLOSE, DOUBTFUL, RERANKED, Reranker, When, pays
from thinkaloud.knowledge.retrieval.retriever import MOST_CANDIDATES, HybridRetriever, Recipe
from thinkaloud.knowledge.retrieval.search import Retrieval, Search
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import passage_vector
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.state.lexicons import MemoryLexicons

TEXTS = [
    "A refund takes five working days.",
    "Annual leave is fourteen days a year, and contractors have none.",
    "The warranty of a tent is three years.",
    "退款需要五个工作日。",
    "年假为每年十四天。",
]


class Watched(MemoryIndex):
    """Notes its queries; finds what it was told to, where it was told."""

    def __init__(self, found: Sequence[Match] | None = None, seconds: float = 0.0) -> None:
        super().__init__()
        self.queries: list[IndexQuery] = []
        self._found = found
        self._seconds = seconds

    async def query(self, tenant: str, query: IndexQuery) -> list[Match]:
        self.queries.append(query)
        await asyncio.sleep(self._seconds)
        return await super().query(tenant, query) if self._found is None else list(self._found)


class CountingEmbedder(HashingEmbedder):
    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(64)
        self.requests: list[list[str]] = []
        self._seconds = seconds

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.requests.append(list(texts))
        await asyncio.sleep(self._seconds)
        return await super().embed(texts)


class Slow(Lexicons):
    """Takes two seconds to read."""

    async def of(self, tenant: str) -> Lexicon:
        await asyncio.sleep(2.0)
        return await super().of(tenant)


class Scored:
    """A re-ranker that gives the scores it was made with."""

    def __init__(self, *scores: float) -> None:
        self.asked: list[list[str]] = []
        self._scores = scores

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append(list(texts))
        if not self._scores:
            raise KnowledgeError("the re-ranker did not answer: 503")
        return list(self._scores)[: len(texts)]


async def filled() -> Watched:
    index = Watched()
    dense = await HashingEmbedder(64).embed(TEXTS)
    passages = [passage(text, document=f"d{number}", metadata={"number": number}) for number, text in enumerate(TEXTS)]
    vectors = [PassageVector(one, passage_vector(text)) for one, text in zip(dense, TEXTS, strict=True)]
    await index.upsert("qinghe", passages, vectors)
    return index


async def ask(
    text: str = "How long does a refund take?",
    *,
    index: Watched | None = None,
    reranker: Reranker | None = None,
    recipe: Recipe | None = None,
    **more: Any,
) -> Retrieval:
    retriever = HybridRetriever(
        CountingEmbedder(), index or await filled(), Lexicons(MemoryLexicons()), recipe or Recipe(), reranker
    )
    return await retriever.retrieve("qinghe", Search(text, **more))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How long does a refund take?", 0),
        ("how much annual leave?", 1),
        ("退款要几个工作日？", 3),
        ("年假有几天？", 4),
    ],
)
async def test_the_passage_that_answers_comes_first(text: str, found: int) -> None:
    retrieval = await ask(text)
    assert retrieval.matches[0].passage.text == TEXTS[found]
    assert retrieval.candidates[0].score == retrieval.matches[0].score
    assert set(retrieval.timings) == {"embed", "search"}


async def test_what_the_documents_do_not_say_is_not_covered() -> None:
    assert (await ask("How long does a refund take?")).covered
    other = await ask("Who won the football match on Sunday?")
    assert not other.covered
    assert other.threshold == Recipe().abstain_below
    assert other.candidates, "the closest ones are named"


async def test_a_tenant_without_documents_is_covered_by_nothing() -> None:
    found = await ask(index=Watched())
    assert (found.matches, found.candidates, found.covered) == ([], [], False)


async def test_one_question_is_one_embedding_and_one_query() -> None:
    embedder, index = CountingEmbedder(), await filled()
    retriever = HybridRetriever(embedder, index, Lexicons(MemoryLexicons()), Recipe())
    await retriever.retrieve("qinghe", Search("And for contractors?", context="annual leave"))
    assert embedder.requests == [["And for contractors?", "annual leave"]]
    assert len(index.queries) == 1


async def test_a_follow_up_finds_by_what_the_conversation_was_about() -> None:
    alone, told = await ask("And how many days?"), await ask("And how many days?", context="refund")
    assert told.matches[0].passage.text == TEXTS[0]
    assert alone.matches[0].score != told.matches[0].score


async def test_meaning_and_words_share_the_score_as_they_are_told() -> None:
    for weight in (0.0, 0.25, 1.0):
        index = await filled()
        await ask(index=index, recipe=Recipe(dense_weight=weight))
        (query,) = index.queries
        assert sum(value * value for value in query.dense) == pytest.approx(weight * weight, abs=1e-9)
        assert sum(query.sparse.values) == pytest.approx(1 - weight)


async def test_a_question_without_a_word_is_asked_by_meaning_alone() -> None:
    index = await filled()
    await ask("？？", index=index)
    assert index.queries[0].sparse.indices == ()


async def test_a_filter_reaches_the_index() -> None:
    found = await ask("refund", filter={"number": {"$gte": 3}})
    assert {match.passage.metadata["number"] for match in found.matches} <= {3, 4}


@pytest.mark.parametrize(("top_k", "asked"), [(1, 4), (5, 20), (20, MOST_CANDIDATES), (100, 100)])
async def test_a_few_more_are_looked_at_than_are_wanted(top_k: int, asked: int) -> None:
    index = await filled()
    await ask(index=index, recipe=Recipe(top_k=top_k))
    assert index.queries[0].top_k == asked


def test_statistics_are_read_while_the_question_is_embedded() -> None:
    async def play() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        retriever = HybridRetriever(CountingEmbedder(2.0), Watched([], 1.0), Slow(MemoryLexicons()), Recipe())
        found = await retriever.retrieve("qinghe", Search("How long?"))
        assert found.matches == []
        return loop.time() - began

    assert in_virtual_time(play()) == pytest.approx(3.0, abs=0.01)


async def test_a_model_that_does_not_answer_is_told() -> None:
    class Down(CountingEmbedder):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            raise KnowledgeError("the embedding model did not answer")

    with pytest.raises(KnowledgeError):
        await HybridRetriever(Down(), Watched(), Lexicons(MemoryLexicons()), Recipe()).retrieve("qinghe", Search("?"))


# ---- re-ranking ------------------------------------------------------------------------------------------------------


def close() -> Watched:
    return Watched([match("Refunds.", 0.71, position=1), match("Leave.", 0.7, position=2), match("Tents.", 0.3)])


async def test_a_re_ranker_has_the_last_word_on_the_order() -> None:
    reranker = Scored(0.2, 0.9, 0.1)
    found = await ask(index=close(), reranker=reranker)
    assert [match.passage.text for match in found.matches] == ["Leave.", "Refunds.", "Tents."]
    assert [(each.score, each.reranked) for each in found.candidates] == [(0.7, 0.9), (0.71, 0.2), (0.3, 0.1)]
    assert "rerank" in found.timings
    assert found.covered


async def test_a_re_ranker_that_finds_nothing_leaves_nothing_covered() -> None:
    assert not (await ask(index=close(), reranker=Scored(0.1, 0.02, 0.01))).covered


async def test_a_re_ranker_that_does_not_answer_costs_its_opinion_alone() -> None:
    found = await ask(index=close(), reranker=Scored())
    assert [match.passage.text for match in found.matches] == ["Refunds.", "Leave.", "Tents."]
    assert found.covered


async def test_only_the_best_are_re_ranked() -> None:
    many = Watched([match(f"Passage {number}.", 0.7 - number / 1_000, position=number) for number in range(15)])
    reranker = Scored(*(number / 10 for number in range(RERANKED)))
    found = await ask(index=many, reranker=reranker, recipe=Recipe(top_k=15))
    assert reranker.asked == [[f"Passage {number}." for number in range(RERANKED)]]
    assert [match.passage.position for match in found.matches] == [*range(RERANKED - 1, -1, -1), *range(RERANKED, 15)]


@pytest.mark.parametrize(
    ("when", "scores", "asked"),
    [
        ("never", [0.5, 0.5], False),
        ("always", [0.9, 0.1], True),
        ("always", [0.9], False),
        ("unsure", [], False),
        ("unsure", [0.9, 0.9 - CLOSE + 0.01], True),
        ("unsure", [0.9, 0.9 - CLOSE - 0.01], False),
        ("unsure", [0.47 + DOUBTFUL - 0.01, 0.1], True),
        ("unsure", [0.47 - DOUBTFUL + 0.01, 0.1], True),
        ("unsure", [0.47 - DOUBTFUL - 0.01, 0.1], False),
    ],
)
def test_a_re_ranker_is_asked_where_it_pays(when: When, scores: list[float], asked: bool) -> None:
    assert pays(when, scores, threshold=0.47) is asked
