"""Inference over HTTP: dense and sparse embeddings, reranking, and the list of models.

Dense embeddings come from the embedder that the server was given; without one, sparse embeddings and reranking by
shared terms are left. Work runs in a thread, because a full batch takes long enough for a stream to feel it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from localcloud.pinecone.errors import invalid
from localcloud.pinecone.hosted_models import MAX_DOCUMENTS, MAX_INPUTS, MODELS, HostedModel, Kind, model_named
from localcloud.pinecone.ranking import relevance, sparse_embedding
from localcloud.pinecone.requests import parse
from thinkaloud.language import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localcloud.models.embedding import Embedder


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Input(_Body):
    text: str


class _Parameters(_Body):
    input_type: Literal["query", "passage"]
    # Nothing is too long here, so nothing is cut.
    truncate: Literal["END", "NONE", "START"] = "END"
    dimension: int | None = None
    return_tokens: bool = False


class Embed(_Body):
    """`POST /embed`."""

    model: str
    inputs: Annotated[list[_Input], Field(min_length=1, max_length=MAX_INPUTS)]
    parameters: _Parameters


class Rerank(_Body):
    """`POST /rerank`."""

    model: str
    query: Annotated[str, Field(min_length=1)]
    documents: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_DOCUMENTS)]
    rank_fields: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["text"])
    return_documents: bool = True
    top_n: Annotated[int, Field(ge=1)] | None = None


class Inference:
    """The routes of inference, over `embedder` where there is one."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._embeds: tuple[Kind, ...] = ("sparse",) if embedder is None else ("dense", "sparse")

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        return [
            web.post("/embed", self._embed),
            web.post("/rerank", self._rerank),
            web.get("/models", self._list_models),
            web.get("/models/{name}", self._describe_model),
        ]

    async def _embed(self, request: web.Request) -> web.Response:
        body = parse(Embed, await request.read())
        model = model_named(body.model, *self._embeds)
        dimension = model.dimension(body.parameters.dimension)
        texts = [each.text for each in body.inputs]
        data = await asyncio.to_thread(self._embeddings, model, texts, dimension, body.parameters.return_tokens)
        usage = {"total_tokens": sum(map(estimate_tokens, texts))}
        return web.json_response({"model": model.name, "vector_type": model.kind, "data": data, "usage": usage})

    def _embeddings(
        self, model: HostedModel, texts: Sequence[str], dimension: int, return_tokens: bool
    ) -> list[dict[str, Any]]:
        if model.kind == "dense" and self._embedder is not None:
            vectors = self._embedder.embed(texts, dimension)
            return [{"vector_type": "dense", "values": vector.tolist()} for vector in vectors]
        return [sparse_embedding(text, with_tokens=return_tokens) for text in texts]

    async def _rerank(self, request: web.Request) -> web.Response:
        body = parse(Rerank, await request.read())
        model = model_named(body.model, "rerank")
        texts = [_text_of(document, place, body.rank_fields) for place, document in enumerate(body.documents)]
        scores = await asyncio.to_thread(relevance, body.query, texts, self._embedder)
        best = sorted(range(len(texts)), key=lambda place: -scores[place])[: body.top_n]
        data: list[dict[str, Any]] = [{"index": place, "score": scores[place]} for place in best]
        if body.return_documents:
            data = [{**ranked, "document": body.documents[ranked["index"]]} for ranked in data]
        return web.json_response({"model": model.name, "data": data, "usage": {"rerank_units": 1}})

    async def _list_models(self, request: web.Request) -> web.Response:
        infos = [model.info() for model in MODELS if model.kind in (*self._embeds, "rerank")]
        for key in ("type", "vector_type"):
            if key in request.query:
                infos = [info for info in infos if info.get(key) == request.query[key]]
        return web.json_response({"models": infos})

    async def _describe_model(self, request: web.Request) -> web.Response:
        return web.json_response(model_named(request.match_info["name"], *self._embeds, "rerank").info())


def _text_of(document: Mapping[str, Any], place: int, fields: Sequence[str]) -> str:
    """What a document is ranked by. A field it lacks, or that is not text, is refused."""
    for field in fields:
        if not isinstance(document.get(field), str):
            raise invalid(f"Document at index {place} has no text in the rank field '{field}'")
    return "\n".join(document[field] for field in fields)
