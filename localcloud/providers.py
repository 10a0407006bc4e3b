"""Which models and which index answer: the local ones, or those that the user's environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import openai

from localcloud.models import embedding, extractive, scripts

OPENAI_URL = "https://api.openai.com/v1"
LOCAL_CHAT = extractive.MODEL
LOCAL_EMBEDDING = embedding.MODEL
#: What the page and the terminal say of the local model.
LOCAL_NOTE = {
    "en": "No language model is set up: answers quote the documents.",
    "zh": "未配置语言模型：回答由资料原句摘录而成。",
}

#: An endpoint that fails, or that answers 200 with something else than it should.
_NO_ANSWER = (openai.OpenAIError, AttributeError, IndexError, TypeError, ValueError)


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
        ProviderError: the endpoint serves several models or cannot be asked, or a model is named, but no endpoint.
    """
    url = environ.get("CHAT_BASE_URL") or environ.get("OPENAI_BASE_URL")
    own_key = environ.get("CHAT_API_KEY")
    name = environ.get("CHAT_MODEL") or ""
    if url or own_key or environ.get("OPENAI_API_KEY"):
        url = url or OPENAI_URL
        key = own_key or _openai_key(environ, url)
        return Model(url, name or _only_model(url, key), key)
    if name not in ("", LOCAL_CHAT) and not name.startswith(scripts.PREFIX):
        raise ProviderError(f"CHAT_MODEL is {name}, which is no local model; set OPENAI_API_KEY or CHAT_BASE_URL too")
    return Model(local_url, name or LOCAL_CHAT, "")


def embedding_model(environ: Mapping[str, str], local_url: str) -> Model:
    """The embedding model: EMBEDDING_BASE_URL, EMBEDDING_API_KEY and EMBEDDING_MODEL, else local.

    EMBEDDING_MODEL alone names a model at the endpoint of OPENAI_BASE_URL and OPENAI_API_KEY.

    Raises:
        ProviderError: an endpoint or a key is set, but no name, or a name, but no endpoint.
    """
    url, own_key = environ.get("EMBEDDING_BASE_URL"), environ.get("EMBEDDING_API_KEY")
    name = environ.get("EMBEDDING_MODEL") or ""
    if not url and not own_key:
        if name in ("", LOCAL_EMBEDDING):
            return Model(local_url, LOCAL_EMBEDDING, "")
        url = environ.get("OPENAI_BASE_URL")
        if not url and not environ.get("OPENAI_API_KEY"):
            raise ProviderError(
                f"EMBEDDING_MODEL is {name}, which is no local model; set OPENAI_API_KEY or EMBEDDING_BASE_URL too"
            )
    if not name:
        raise ProviderError("EMBEDDING_MODEL is missing; it names the model at EMBEDDING_BASE_URL")
    url = url or OPENAI_URL
    return Model(url, name, own_key or _openai_key(environ, url))


def judge_model(environ: Mapping[str, str]) -> Model | None:
    """The model that judges answers in an evaluation: JUDGE_BASE_URL, JUDGE_API_KEY and JUDGE_MODEL; None without.

    JUDGE_MODEL alone names a model at the endpoint of OPENAI_BASE_URL and OPENAI_API_KEY. The local model is no judge.

    Raises:
        ProviderError: an endpoint or a key is set, but no name, or a name, but no endpoint.
    """
    url, own_key = environ.get("JUDGE_BASE_URL"), environ.get("JUDGE_API_KEY")
    name = environ.get("JUDGE_MODEL") or ""
    if not name:
        if url or own_key:
            raise ProviderError("JUDGE_MODEL is missing; it names the model at JUDGE_BASE_URL")
        return None
    url = url or environ.get("OPENAI_BASE_URL")
    if not url and not own_key and not environ.get("OPENAI_API_KEY"):
        raise ProviderError(f"JUDGE_MODEL is {name}; set OPENAI_API_KEY or JUDGE_BASE_URL too")
    url = url or OPENAI_URL
    return Model(url, name, own_key or _openai_key(environ, url))


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
            return len(answer.data[0].embedding)
    except _NO_ANSWER as error:
        raise ProviderError(
            f"the embedding model {model.name} at {model.url} does not answer: {_in_a_line(error)}"
        ) from None


def _openai_key(environ: Mapping[str, str], url: str) -> str:
    """OPENAI_API_KEY, where `url` is the endpoint that it is for; no other gets to see it."""
    return environ.get("OPENAI_API_KEY", "") if url == (environ.get("OPENAI_BASE_URL") or OPENAI_URL) else ""


def _only_model(url: str, key: str) -> str:
    try:
        with openai.OpenAI(base_url=url, api_key=key or "none", timeout=5.0, max_retries=0) as client:
            names = [model.id for model in client.models.list()]
    except _NO_ANSWER as error:
        raise ProviderError(
            f"CHAT_MODEL is missing, and {url} cannot be asked for its models: {_in_a_line(error)}"
        ) from None
    if len(names) != 1:
        some = ": " + ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") if names else ""
        raise ProviderError(f"CHAT_MODEL is missing; {url} serves {len(names)} models{some}")
    return names[0]


def _in_a_line(error: Exception) -> str:
    """What went wrong; a server that is no model endpoint may answer with a whole page."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:200] + "..."
