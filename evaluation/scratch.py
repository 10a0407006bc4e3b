"""A place to measure in: an index of its own, and the models that the user's environment names, else the local ones.

What answers is built by the same wiring as the functions', from the same variables, so that what is measured is what
runs. Only the index is always a local one: an evaluation writes into nobody's Pinecone.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

import openai

from localcloud.aws.cloud import Aws
from localcloud.models.server import ModelServer
from localcloud.pinecone.server import PineconeServer
from localcloud.providers import Model, chat_model, dimensions, embedding_model, judge_model
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.knowledge.ingest import Ingestor, recount
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.models.chat import ChatModel
from thinkaloud.models.openai_chat import OpenAIChat
from thinkaloud.models.steadfast import Patience, SteadfastChat
from thinkaloud.state.lexicons import MemoryLexicons
from thinkaloud.wiring import ingestion, knowledge, turn
from thinkaloud.wiring.aws import NO_KEY

#: The tenant whose knowledge is measured.
TENANT = "evaluation"
_INDEX = "evaluation"
#: What a judge may say, in tokens: a model that reasons first does so within them.
JUDGEMENT_TOKENS = 2_000


@dataclass(frozen=True)
class Services:
    """What documents are loaded with, and questions answered with.

    `loaded` is to be called when all documents are there. `names` are those of the other models, for the report.
    """

    ingestor: Ingestor
    loaded: Callable[[], Awaitable[int]]
    abilities: Abilities
    names: dict[str, str]


class CountedAtOnce(Lexicons):
    """Term statistics that are counted when all documents are there, and not after each of thousands."""

    async def change(self, tenant: str, document: str, change: bytes, added: Lexicon, removed: Lexicon) -> bool:
        """Leave it to the end."""
        return True


class Scratch:
    """Use it in `async with`; it gives the `Services`, and leaves nothing behind.

    Args:
        environ: the user's environment, which may name models.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Services:
        """Start the servers.

        Raises:
            ProviderError: the environment names a model half, or one that does not answer.
            AwsUnavailable: a model has a key, and there is no place to keep it.
        """
        try:
            return await self._start()
        except BaseException:
            await self._exit.aclose()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def _start(self) -> Services:
        folder = self._exit.enter_context(tempfile.TemporaryDirectory(prefix="thinkaloud-"))
        models = await self._exit.enter_async_context(ModelServer(pace=0))
        pinecone = await self._exit.enter_async_context(PineconeServer(Path(folder), embedder=models.embedder))
        chat = await asyncio.to_thread(chat_model, self._environ, models.url)
        embedding = embedding_model(self._environ, models.url)
        host = pinecone.open_index(_INDEX, dimension=await asyncio.to_thread(dimensions, embedding))
        self._exit.callback(_restoring(dict(os.environ)))
        os.environ.update(
            {
                **self._environ,
                **await self._keys(chat, embedding),
                "CHAT_BASE_URL": chat.url,
                "CHAT_MODEL": chat.name,
                "EMBEDDING_BASE_URL": embedding.url,
                "EMBEDDING_MODEL": embedding.name,
                "PINECONE_INDEX_HOST": host,
            }
        )
        index = knowledge.index()
        self._exit.push_async_callback(index.aclose)
        self._exit.push_async_callback(_close_clients)
        lexicons = CountedAtOnce(MemoryLexicons())
        return Services(
            ingestor=ingestion.ingestor(TENANT, index, lexicons),
            loaded=partial(recount, TENANT, index, lexicons),
            abilities=turn.abilities(knowledge.retriever(lexicons, index)),
            names={"embedding": embedding.name},
        )

    async def _keys(self, chat: Model, embedding: Model) -> dict[str, str]:
        """The variables by which the wiring finds the models' keys: it reads them where the functions do."""
        keys = {"CHAT_API_KEY_ARN": chat.key, "EMBEDDING_API_KEY_ARN": embedding.key, "PINECONE_API_KEY_ARN": ""}
        if not any(keys.values()):
            return keys
        aws = await self._exit.enter_async_context(Aws(self._environ))
        arns = {name: key and await aws.put_secret(f"evaluation/{name}", key) for name, key in keys.items()}
        return {**aws.environment, **arns}


def judging_model(environ: Mapping[str, str]) -> ChatModel | None:
    """The model that judges answers, where the environment names one.

    Raises:
        ProviderError: it names one half.
    """
    model = judge_model(environ)
    if model is None:
        return None
    client = openai.AsyncOpenAI(
        base_url=model.url,
        api_key=model.key or NO_KEY,
        timeout=turn.CHAT_TIMEOUT,
        max_retries=0,
        http_client=knowledge.http(),
    )
    return SteadfastChat([OpenAIChat(client, model.name, JUDGEMENT_TOKENS)], Patience())


async def _close_clients() -> None:
    await knowledge.http().aclose()
    knowledge.http.cache_clear()


def _restoring(environ: Mapping[str, str]) -> Callable[[], None]:
    def restore() -> None:
        os.environ.clear()
        os.environ.update(environ)

    return restore
