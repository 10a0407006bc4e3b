"""Which models and which index answer: the local ones, or those that the user's environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import openai

OPENAI_URL = "https://api.openai.com/v1"
LOCAL_CHAT = "extractive"
LOCAL_EMBEDDING = "local-embedding"
#: What the page and the terminal say of the local model.
LOCAL_NOTE = {
    "en": "No language model is configured: answers are sentences quoted from the documents.",
    "zh": "未配置语言模型：回答由资料原句摘录而成。",
}


class ProviderError(Exception):
    """The environment names a provider half. `str()` is one line that says what to set."""


@dataclass(frozen=True)
class Model:
    """An OpenAI-compatible model. An empty `key` means that the endpoint takes none."""

    url: str
    name: str
    key: str


@dataclass(frozen=True)
class Index:
    """A Pinecone index."""

    host: str
    key: str


def chat_model(environ: Mapping[str, str], local_url: str) -> Model:
    """The chat model: CHAT_BASE_URL, CHAT_API_KEY and CHAT_MODEL, else OPENAI_BASE_URL and OPENAI_API_KEY, else local.

    Without CHAT_MODEL the endpoint is asked: one that serves a single model, as vLLM does, needs no name.

    Raises:
        ProviderError: the endpoint serves several models, or cannot be asked.
    """
    url = environ.get("CHAT_BASE_URL") or environ.get("OPENAI_BASE_URL")
    key = environ.get("CHAT_API_KEY") or environ.get("OPENAI_API_KEY") or ""
    name = environ.get("CHAT_MODEL")
    if not url and not key:
        return Model(local_url, name or LOCAL_CHAT, "")
    return Model(url or OPENAI_URL, name or _only_model(url or OPENAI_URL, key), key)


def embedding_model(environ: Mapping[str, str], local_url: str) -> Model:
    """The embedding model: EMBEDDING_BASE_URL, EMBEDDING_API_KEY and EMBEDDING_MODEL, else local.

    Raises:
        ProviderError: an endpoint or a key is set, but no name.
    """
    url, key = environ.get("EMBEDDING_BASE_URL"), environ.get("EMBEDDING_API_KEY") or ""
    name = environ.get("EMBEDDING_MODEL")
    if not url and not key:
        return Model(local_url, LOCAL_EMBEDDING, "")
    if not name:
        raise ProviderError("EMBEDDING_MODEL is missing; it names the model at EMBEDDING_BASE_URL")
    return Model(url or OPENAI_URL, name, key)


def vector_index(environ: Mapping[str, str], local_url: str) -> Index:
    """The index: PINECONE_INDEX_HOST with PINECONE_API_KEY, else the local one.

    Raises:
        ProviderError: only one of the two is set.
    """
    host, key = environ.get("PINECONE_INDEX_HOST"), environ.get("PINECONE_API_KEY")
    if host and key:
        return Index(host, key)
    if host or key:
        missing = "PINECONE_API_KEY" if host else "PINECONE_INDEX_HOST"
        raise ProviderError(f"{missing} is missing; an index needs PINECONE_INDEX_HOST and PINECONE_API_KEY")
    return Index(local_url, "local")


def dimensions(model: Model) -> int:
    """How long the embedding model's vectors are: it is asked, as no API tells.

    Raises:
        ProviderError: it does not answer.
    """
    try:
        with openai.OpenAI(base_url=model.url, api_key=model.key or "none", timeout=10.0, max_retries=1) as client:
            answer = client.embeddings.create(model=model.name, input="?", encoding_format="float")
    except openai.OpenAIError as error:
        raise ProviderError(f"the embedding model {model.name} at {model.url} does not answer: {error}") from None
    return len(answer.data[0].embedding)


def _only_model(url: str, key: str) -> str:
    try:
        with openai.OpenAI(base_url=url, api_key=key or "none", timeout=5.0, max_retries=0) as client:
            names = [model.id for model in client.models.list()]
    except openai.OpenAIError as error:
        raise ProviderError(f"CHAT_MODEL is missing, and {url} cannot be asked for its models: {error}") from None
    if len(names) != 1:
        some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ProviderError(f"CHAT_MODEL is missing; {url} serves {len(names)} models: {some}")
    return names[0]
