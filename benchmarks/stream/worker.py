"""The one place that knows how a turn of Thinkaloud is put together: everything else of the benchmarks asks here."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

import boto3
from thinkaloud.state.dynamodb import CLIENT_CONFIG, DynamoConversations

import thinkaloud.wiring  # noqa: F401 - the garbage collector is then set as in Lambda
from benchmarks.stream.script import Language
from localcloud.models.pacing import filler
from thinkaloud.dialogue.job import RecordingDispatcher
from thinkaloud.dialogue.reception import Reception
from thinkaloud.dialogue.turn import Abilities
from thinkaloud.dialogue.worker import Worker
from thinkaloud.gateway.events import Message
from thinkaloud.gateway.poster import Poster
from thinkaloud.identity.principal import Principal
from thinkaloud.knowledge.index import MemoryIndex, Passage
from thinkaloud.models.chat import ChatModel
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.protocol.frames import Accepted, Ask, UserMessage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SOURCES = 5
_TENANT = "benchmark"
_QUESTIONS: dict[Language, str] = {"en": "How long does a refund take?", "zh": "退款需要多长时间？"}
#: Tokens of a passage, which is what a chunk of the handbook has at most.
_PASSAGE_TOKENS = 150


async def answer(
    client: DynamoDBClient, table: str, poster: Poster, chat: ChatModel, *, connection: str, session: str, turn: str
) -> None:
    """Ask as `default` does, and answer as `turn` does: with the table, over the poster, by `chat`.

    The question is in the language that `session` ends with.

    Raises:
        RuntimeError: the question was refused.
    """
    language: Language = "zh" if session.endswith("zh") else "en"
    conversations, dispatcher = DynamoConversations(client, table), RecordingDispatcher()
    ask = Ask(session=session, turn=turn, message=UserMessage(id=turn, text=_QUESTIONS[language]))
    principal = Principal(_TENANT, "reader", int(time.time()) + 3_600)
    reply = Reception(conversations, dispatcher).receive(Message(connection, principal, ask.model_dump_json()))
    if not isinstance(reply, Accepted):
        raise RuntimeError(f"the question was refused: {reply}")
    worker = Worker(conversations, poster, await _abilities(language, chat))
    await worker.run(dispatcher.jobs[0])


def table_client() -> DynamoDBClient:
    """A client for the table, as the functions make theirs."""
    return boto3.client("dynamodb", config=CLIENT_CONFIG)


async def _abilities(language: Language, chat: ChatModel) -> Abilities:
    embedder, index = HashingEmbedder(), MemoryIndex()
    passages = _passages(language)
    await index.upsert(_TENANT, passages, await embedder.embed([passage.text for passage in passages]))
    return Abilities(embedder=embedder, index=index, chat=chat, top_k=SOURCES, prompt_tokens=6_000)


@cache
def _passages(language: Language) -> list[Passage]:
    text = filler(_PASSAGE_TOKENS, language)
    return [
        Passage(
            document=f"handbook-{number}",
            position=0,
            title="Refunds and returns" if language == "en" else "退款与退货",
            uri=f"handbook/{language}/refunds-{number}.md",
            media="text/markdown",
            section="How long it takes" if language == "en" else "需要多长时间",
            language=language,
            text=f"{number}. {text}",
            fingerprint=f"{number:08}",
        )
        for number in range(1, SOURCES + 1)
    ]
