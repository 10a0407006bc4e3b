"""Embedding model, index and term statistics, for the turn and for ingestion, and what finds passages with them."""

from __future__ import annotations

import os
from functools import cache
from typing import Literal

import boto3
import httpx2
import openai
from pinecone import AsyncPinecone

from thinkaloud.knowledge.pinecone_index import PineconeIndex
from thinkaloud.knowledge.retrieval.reranking import PineconeReranker
from thinkaloud.knowledge.retrieval.retriever import HybridRetriever, Recipe
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.models.embedding import Embedder
from thinkaloud.models.openai_embedding import OpenAIEmbedder
from thinkaloud.models.pinecone_embedding import PineconeEmbedder
from thinkaloud.settings import EmbeddingSettings, IndexSettings, RetrievalSettings, TableSettings, read
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.state.lexicons import DynamoLexicons
from thinkaloud.wiring.aws import api_key

#: Seconds for one embedding request.
EMBEDDING_TIMEOUT = 10.0


@cache
def http() -> httpx2.AsyncClient:
    """One pool of connections for all models: its TLS context alone costs 50 ms."""
    return openai.DefaultAsyncHttpxClient()


def embedder(kind: Literal["query", "passage"]) -> Embedder:
    """The embedding model of the environment, for questions or for passages."""
    settings = read(EmbeddingSettings, os.environ)
    if settings.api == "pinecone":
        hosted = AsyncPinecone(api_key=api_key(settings.api_key_arn), host=settings.base_url)
        return PineconeEmbedder(hosted, settings.model, kind)
    client = openai.AsyncOpenAI(
        base_url=settings.base_url,
        api_key=api_key(settings.api_key_arn),
        timeout=EMBEDDING_TIMEOUT,
        max_retries=1,
        http_client=http(),
    )
    return OpenAIEmbedder(client, settings.model)


def index() -> PineconeIndex:
    """The index of the environment."""
    return PineconeIndex(_pinecone(), read(IndexSettings, os.environ).host)


def lexicons() -> Lexicons:
    """The tenants' term statistics."""
    client = boto3.client("dynamodb", config=CLIENT_CONFIG)
    return Lexicons(DynamoLexicons(client, read(TableSettings, os.environ).name))


def retriever(statistics: Lexicons | None = None, vectors: PineconeIndex | None = None) -> HybridRetriever:
    """What finds passages, as the environment sets it up.

    `statistics` take the place of those in the table, and `vectors` that of an index that is never closed.
    """
    settings = read(RetrievalSettings, os.environ)
    recipe = Recipe(
        top_k=settings.top_k,
        dense_weight=settings.dense_weight,
        match_share=settings.match_share,
        abstain_below=settings.abstain_below,
        rerank=settings.rerank,
    )
    reranker = PineconeReranker(_pinecone(), settings.rerank_model) if settings.rerank_model else None
    return HybridRetriever(embedder("query"), vectors or index(), statistics or lexicons(), recipe, reranker)


def models() -> dict[str, str]:
    """The models that the retriever works with, by what they do, for the audit."""
    named = {
        "embedding": read(EmbeddingSettings, os.environ).model,
        "rerank": read(RetrievalSettings, os.environ).rerank_model,
    }
    return {role: model for role, model in named.items() if model}


def _pinecone() -> AsyncPinecone:
    # Without a retry_config: the client heeds it for the control plane only, and queries are bounded by a time-out.
    return AsyncPinecone(api_key=api_key(read(IndexSettings, os.environ).api_key_arn))
