"""The environment says which embedding model and which re-ranker there are."""

from __future__ import annotations

import pytest

from thinkaloud.knowledge.retrieval.reranking import PineconeReranker
from thinkaloud.knowledge.retrieval.retriever import Recipe
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.models.openai_embedding import OpenAIEmbedder
from thinkaloud.models.pinecone_embedding import PineconeEmbedder
from thinkaloud.state.lexicons import MemoryLexicons
from thinkaloud.wiring import knowledge

ENVIRONMENT = {
    "EMBEDDING_BASE_URL": "http://127.0.0.1:9/v1",
    "EMBEDDING_MODEL": "a-model",
    "PINECONE_INDEX_HOST": "http://127.0.0.1:9",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_the_embedding_model_speaks_what_it_is_set_to(monkeypatch: pytest.MonkeyPatch) -> None:
    model = knowledge.embedder("query")
    assert isinstance(model, OpenAIEmbedder)
    monkeypatch.setenv("EMBEDDING_API", "pinecone")
    hosted = knowledge.embedder("query")
    assert isinstance(hosted, PineconeEmbedder)
    assert model.name == hosted.name == "a-model"


def test_the_recipe_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = Lexicons(MemoryLexicons())
    plain = knowledge.retriever(statistics)
    assert (plain.recipe, plain.reranker) == (Recipe(), None)
    for name, value in {"TOP_K": "8", "DENSE_WEIGHT": "0.6", "RERANK": "always", "RERANK_MODEL": "bge"}.items():
        monkeypatch.setenv(name, value)
    tuned = knowledge.retriever(statistics)
    assert tuned.recipe == Recipe(top_k=8, dense_weight=0.6, rerank="always")
    assert isinstance(tuned.reranker, PineconeReranker)
