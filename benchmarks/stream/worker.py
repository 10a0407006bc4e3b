"""The one place that knows how a turn of Thinkaloud is put together: everything else of the benchmarks asks here."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, NoReturn

import boto3

import thinkaloud.wiring  # noqa: F401 - the garbage collector is then set as in Lambda
from benchmarks.stream.script import Language, handbook
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.reception import Reception
from thinkaloud.dialogue.work.job import RecordingDispatcher
from thinkaloud.dialogue.work.means import Stores
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.gateway.events import Message
from thinkaloud.gateway.poster import Poster
from thinkaloud.identity.principal import Principal
from thinkaloud.knowledge.chunking import chunk
from thinkaloud.knowledge.index import Passage, PassageVector
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.retrieval.retriever import HybridRetriever, Recipe
from thinkaloud.knowledge.retrieval.search import Retriever
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import passage_vector
from thinkaloud.models.chat import ChatModel
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.protocol.frames import Accepted
from thinkaloud.protocol.requests import Ask, UserMessage
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl, DynamoJournal
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.state.lexicons import MemoryLexicons
from thinkaloud.state.memory_connections import MemoryConnections

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SOURCES = 5
PROMPT_TOKENS = 6_000
_TENANT = "benchmark"
#: For how long segments are kept, which changes nothing here.
_JOURNAL_SECONDS = 3_600
_QUESTIONS: dict[Language, str] = {"en": "How long does a refund take?", "zh": "退款需要多长时间？"}


async def answer(
    client: DynamoDBClient, table: str, poster: Poster, chat: ChatModel, *, connection: str, session: str, turn: str
) -> None:
    """Ask as `default` does, and answer as `turn` does: with the table, over the poster, by `chat`.

    The question is in the language that `session` ends with.

    Raises:
        RuntimeError: the question was refused.
    """
    stores = Stores(
        DynamoConversations(client, table),
        DynamoJournal(client, table, _JOURNAL_SECONDS),
        DynamoControl(client, table),
        DynamoConnections(client, table),
    )
    language: Language = "zh" if session.endswith("zh") else "en"
    found = Abilities(await retriever(language), chat, PROMPT_TOKENS)
    await answer_over(stores, poster, found, language, connection=connection, session=session, turn=turn)


async def answer_over(
    stores: Stores,
    poster: Poster,
    abilities: Abilities,
    language: Language,
    *,
    connection: str,
    session: str,
    turn: str,
) -> None:
    """The same with any stores.

    Raises:
        RuntimeError: the question was refused.
    """
    dispatcher = RecordingDispatcher()
    guard = Authentication(MemoryConnections(), _no_verifier)
    reception = Reception(stores.conversations, stores.control, dispatcher, guard)
    ask = Ask(session=session, turn=turn, message=UserMessage(id=turn, text=_QUESTIONS[language]))
    principal = Principal(_TENANT, "reader", int(time.time()) + 3_600)
    reply = reception.receive(Message(connection, principal, ask.model_dump_json()))
    if not isinstance(reply, Accepted):
        raise RuntimeError(f"the question was refused: {reply}")
    await Worker(stores, poster, abilities, dispatcher).work(dispatcher.jobs[0])


def table_client() -> DynamoDBClient:
    """A client for the table, as the functions make theirs."""
    return boto3.client("dynamodb", config=CLIENT_CONFIG)


def _no_verifier() -> NoReturn:
    raise AssertionError("nobody sends a token")


async def retriever(language: Language) -> Retriever:
    """What finds the same passages whatever is asked."""
    embedder, index = HashingEmbedder(), MemoryIndex()
    passages = _passages(language)
    texts = [passage.text for passage in passages]
    dense = await embedder.embed(texts)
    vectors = [PassageVector(one, passage_vector(text)) for one, text in zip(dense, texts, strict=True)]
    await index.upsert(_TENANT, passages, vectors)
    # Every page is wanted, whatever it has to do with the question: what is measured is the stream.
    recipe = Recipe(top_k=SOURCES, match_share=0.0, abstain_below=0.0)
    return HybridRetriever(embedder, index, Lexicons(MemoryLexicons()), recipe)


@cache
def _passages(language: Language) -> list[Passage]:
    """The first chunk of as many documents of the handbook, each as full as a chunk gets."""
    return [
        Passage(
            document=document.id,
            position=0,
            title=document.title,
            uri=document.uri,
            media="text/markdown",
            section="",
            language=language,
            text=chunk(document)[0].text,
            fingerprint="0" * 16,
        )
        for document in handbook(language)[:SOURCES]
    ]
