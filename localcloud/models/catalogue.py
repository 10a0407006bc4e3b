"""The models that are here, by name: what each is, and what each would do with a request."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from localcloud.models import embedding, extractive, scripts
from localcloud.models.embedding import StaticEmbedder
from localcloud.models.openai_types import ApiError, ChatRequest, model_not_found
from localcloud.models.pacing import READING_PACE, paced
from localcloud.models.performance import Performance

if TYPE_CHECKING:
    from localcloud.models.embedding import Embedder, LocalEmbedder

_DESCRIPTIONS = {
    extractive.MODEL: "Extractive, not a language model: quotes the best-matching sentences of the passages given.",
    embedding.MODEL: "Static word vectors, added up; mostly English, 256 dimensions.",
}


class Catalogue:
    """Looks models up. `pace` is the extractive model's, in tokens a second; 0 is as fast as it goes."""

    def __init__(
        self,
        embedder: LocalEmbedder,
        library: scripts.ScriptLibrary,
        pace: float = READING_PACE,
    ) -> None:
        self.library = library
        self.pace = pace
        self._embedder = StaticEmbedder(embedder)
        self._extractive = extractive.ExtractiveModel(embedder)
        self._created = int(time.time())

    async def perform(self, name: str, request: ChatRequest) -> Performance:
        """What the chat model `name` does with `request`.

        Raises:
            ApiError: 404 where there is no such chat model, 400 where there is nothing to answer.
        """
        script = self.script(name)
        if script is not None:
            return script.perform_call(request.calls_made)
        if not request.user_texts:
            raise ApiError(400, "The extractive model answers a user message, and there is none.", param="messages")
        answer = await asyncio.to_thread(self._extractive.answer, request.user_texts)
        return Performance(list(paced(answer, self.pace)))

    def embedder(self, name: str) -> Embedder:
        """The embedding model `name`.

        Raises:
            ApiError: 404 where there is no such embedding model.
        """
        if name != embedding.MODEL:
            raise model_not_found(name, f"Embedding model: {embedding.MODEL}.")
        return self._embedder

    def script(self, name: str) -> scripts.Script | None:
        """The script that the chat model `name` plays; None where it is the extractive model.

        Raises:
            ApiError: 404 where it is neither.
        """
        if name == extractive.MODEL:
            return None
        if name.startswith(scripts.PREFIX):
            return self.library.get(name.removeprefix(scripts.PREFIX))
        raise model_not_found(name, f"Chat models: {extractive.MODEL}, {scripts.PREFIX}<name>.")

    def models(self) -> list[dict[str, Any]]:
        """Every model as `GET /v1/models` lists it, with a `description` on top of OpenAI's fields."""
        listed = [
            self._model(extractive.MODEL, "thinkaloud-extractive", _DESCRIPTIONS[extractive.MODEL]),
            self._model(embedding.MODEL, "thinkaloud-local", _DESCRIPTIONS[embedding.MODEL]),
        ]
        for name in self.library.names():
            script = self.library.get(name)
            listed.append(self._model(scripts.PREFIX + name, "thinkaloud-script", script.description))
        return listed

    def model(self, name: str) -> dict[str, Any]:
        """One model of the list.

        Raises:
            ApiError: 404 where it is not in the list.
        """
        for model in self.models():
            if model["id"] == name:
                return model
        raise model_not_found(name, "See GET /v1/models.")

    def _model(self, name: str, owner: str, description: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": self._created,
            "owned_by": owner,
            "description": description,
        }
