"""Embedding model and index, for the turn and for ingestion."""

from __future__ import annotations

import os
from functools import cache

import httpx2
import openai
from pinecone import AsyncPinecone

from thinkaloud.knowledge.pinecone_index import PineconeIndex
from thinkaloud.knowledge.retriever import IndexRetriever
from thinkaloud.models.openai_embedding import OpenAIEmbedder
from thinkaloud.settings import EmbeddingSettings, IndexSettings, read
from thinkaloud.wiring.aws import api_key

#: Seconds for one embedding request.
EMBEDDING_TIMEOUT = 10.0


@cache
def http() -> httpx2.AsyncClient:
    """One pool of connections for all models: its TLS context alone costs 50 ms."""
    return openai.DefaultAsyncHttpxClient()


def embedder() -> OpenAIEmbedder:
    """The embedding model of the environment."""
    settings = read(EmbeddingSettings, os.environ)
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
    settings = read(IndexSettings, os.environ)
    # Without a retry_config: the client heeds it for the control plane only, and queries are bounded by a time-out.
    return PineconeIndex(AsyncPinecone(api_key=api_key(settings.api_key_arn)), settings.host)


def retriever() -> IndexRetriever:
    """What finds passages, as the environment sets it up."""
    return IndexRetriever(embedder(), index(), read(IndexSettings, os.environ).top_k)
