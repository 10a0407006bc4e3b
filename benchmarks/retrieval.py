"""How long finding passages takes: 10,000 chunks in both languages, one embedding and one query a question.

The local models and the local Pinecone answer from a process of their own, through the real clients. What is left of a
retrieval beside waiting for those two is our own code.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai
from pinecone import AsyncPinecone

from benchmarks.figures import Figure
from benchmarks.stream.processes import SPAWN, Host, serving
from benchmarks.stream.script import Language, handbook
from localcloud.models.embedding import STATIC_DIMENSIONS, StaticEmbedder
from localcloud.models.server import ModelServer
from localcloud.pinecone.index import Index
from localcloud.pinecone.requests import SparseValues, Upsert, Vector
from localcloud.pinecone.server import PineconeServer
from thinkaloud.knowledge.index import Passage
from thinkaloud.knowledge.pinecone_index import PineconeIndex
from thinkaloud.knowledge.retrieval.retriever import HybridRetriever, Recipe
from thinkaloud.knowledge.retrieval.search import Search
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import passage_vector
from thinkaloud.language import estimate_tokens, sentences
from thinkaloud.models.openai_embedding import OpenAIEmbedder
from thinkaloud.state.lexicons import MemoryLexicons

CHUNKS = 10_000
#: Estimated tokens of a chunk: as many as ingestion puts into one.
_CHUNK_TOKENS = 280
_WARM_UP, _RUNS = 10, 60
_BATCH = 500
_TENANT = "benchmark"
_INDEX = "benchmark"
_QUESTIONS = (
    "How long does a refund take?",
    "我们部门今年的年假额度是多少？",
    "What is the hotel limit per night in Shanghai, and who approves more than that?",
    "退货的运费由谁承担？商品有质量问题的时候呢？",
)


def measure() -> list[Figure]:
    """Milliseconds that retrieval adds to a turn, and those of our own code among them; in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=SPAWN) as process:
        whole, own = process.submit(_measure).result()
    return [
        Figure(f"retrieval among {CHUNKS:,} chunks on localhost", tuple(whole), "ms", 40),
        Figure("our own code in it", tuple(own), "ms", 10),
    ]


def passages() -> Iterator[Passage]:
    """Chunks without end, as full as ingestion makes them, of the handbook's sentences in an order of their own."""
    chance = random.Random(8)
    said = {
        language: [
            (sentence, estimate_tokens(sentence)) for page in handbook(language) for sentence in sentences(page.text())
        ]
        for language in _LANGUAGES
    }
    for number in count():
        language = _LANGUAGES[number % 2]
        text, tokens = f"QH-{number:05}.", 5
        while tokens < _CHUNK_TOKENS:
            sentence, cost = chance.choice(said[language])
            text, tokens = f"{text} {sentence}", tokens + cost
        page = number // 20
        yield Passage(
            document=f"{page:032x}",
            position=number,
            title=f"Page {page}",
            uri=f"page-{page}.md",
            media="text/markdown",
            section="",
            language=language,
            text=text,
            fingerprint="0",
        )


_LANGUAGES: tuple[Language, Language] = ("en", "zh")


async def _serve(host: Host) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with ModelServer(pace=0) as models, PineconeServer(Path(folder), default_index=_INDEX) as pinecone:
            pinecone.open_index(_INDEX, dimension=STATIC_DIMENSIONS)
            _fill(pinecone.index(_INDEX), StaticEmbedder(models.embedder))
            await host.run(f"{models.url} {pinecone.url}")


def _fill(index: Index, embedder: StaticEmbedder) -> None:
    made = passages()
    for _ in range(CHUNKS // _BATCH):
        batch = list(islice(made, _BATCH))
        dense = embedder.embed([passage.text for passage in batch])
        index.upsert(
            Upsert.model_construct(
                namespace=_TENANT,
                vectors=[_vector(passage, values.tolist()) for passage, values in zip(batch, dense, strict=True)],
            )
        )


def _vector(passage: Passage, values: list[float]) -> Vector:
    sparse = passage_vector(passage.text)
    written = SparseValues.model_construct(indices=list(sparse.indices), values=list(sparse.values))
    known = {name: value for name, value in vars(passage).items() if name != "metadata" and value is not None}
    return Vector.model_construct(id=passage.id, values=values, sparse_values=written, metadata=known)


def _measure() -> tuple[list[float], list[float]]:
    with serving(_serve) as urls:
        models, pinecone = urls.split()
        return asyncio.run(_ask(models, pinecone, _counted()))


def _counted() -> Lexicon:
    lexicon = Lexicon()
    for passage in islice(passages(), CHUNKS):
        lexicon.count(passage_vector(passage.text).indices)
    return lexicon


async def _ask(models: str, pinecone: str, lexicon: Lexicon) -> tuple[list[float], list[float]]:
    waiting = _Waiting()
    lexicons = Lexicons(MemoryLexicons())
    await lexicons.replace(_TENANT, lexicon)
    whole, own = [], []
    async with openai.AsyncOpenAI(base_url=models, api_key="none") as model, AsyncPinecone(api_key="local") as client:
        index = PineconeIndex(waiting.client(client), pinecone)
        retriever = HybridRetriever(OpenAIEmbedder(waiting.model(model), "local-embedding"), index, lexicons, Recipe())
        for run in range(_WARM_UP + _RUNS):
            waiting.seconds = 0.0
            started = time.perf_counter()
            await retriever.retrieve(_TENANT, Search(_QUESTIONS[run % len(_QUESTIONS)]))
            seconds = time.perf_counter() - started
            if run >= _WARM_UP:
                whole.append(1_000 * seconds)
                own.append(1_000 * (seconds - waiting.seconds))
        await index.aclose()
    return whole, own


class _Waiting:
    """Clients that add up for how long they were waited for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def model(self, client: openai.AsyncOpenAI) -> Any:
        return SimpleNamespace(embeddings=SimpleNamespace(create=self._timed(client.embeddings.create)))

    def client(self, client: AsyncPinecone) -> Any:
        async def index(host: str) -> Any:
            opened = await client.index(host=host)
            return SimpleNamespace(query=self._timed(opened.query), close=opened.close)

        return SimpleNamespace(index=index, close=client.close)

    def _timed(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return await call(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started

        return timed
