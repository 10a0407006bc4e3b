"""`POST /v1/embeddings`."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from aiohttp import web

from localcloud.models.embedding import STATIC_DIMENSIONS, Embedder
from localcloud.models.openai_types import EmbeddingRequest, read_body
from localcloud.models.pacing import tokens
from localcloud.models.wire import encode_json

if TYPE_CHECKING:
    from localcloud.models.catalogue import Catalogue
    from localcloud.models.ledger import Ledger


class EmbeddingsApi:
    """Answers embedding requests; the vectors are made in a thread, so that the loop goes on."""

    def __init__(self, catalogue: Catalogue, ledger: Ledger) -> None:
        self._catalogue = catalogue
        self._ledger = ledger

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Handle one request."""
        asked = read_body(EmbeddingRequest, await request.read())
        with self._ledger.exchange(request.path, asked.model):
            embedder = self._catalogue.embedder(asked.model)
            body = await asyncio.to_thread(_answer, asked, embedder)
            return web.Response(body=body, content_type="application/json")


def _answer(asked: EmbeddingRequest, embedder: Embedder) -> bytes:
    vectors = embedder.embed(asked.input, asked.dimensions or STATIC_DIMENSIONS)
    rows: list[dict[str, Any]] = []
    for index, vector in enumerate(vectors):
        shape = (
            base64.b64encode(vector.astype("<f4").tobytes()).decode()
            if asked.encoding_format == "base64"
            else vector.tolist()
        )
        rows.append({"object": "embedding", "index": index, "embedding": shape})
    count = sum(len(tokens(text)) for text in asked.input)
    usage = {"prompt_tokens": count, "total_tokens": count}
    return encode_json({"object": "list", "data": rows, "model": asked.model, "usage": usage})
