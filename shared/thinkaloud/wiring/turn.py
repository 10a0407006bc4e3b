"""The parts of the `turn` function."""

from __future__ import annotations

import asyncio
import os
from functools import cache

import boto3
import openai

from thinkaloud.dialogue.turn import Abilities
from thinkaloud.dialogue.worker import Rhythm, Stores, Worker
from thinkaloud.gateway import poster
from thinkaloud.models.openai_chat import OpenAIChat
from thinkaloud.models.steadfast import Patience, SteadfastChat
from thinkaloud.settings import ChatSettings, GatewaySettings, IndexSettings, StreamSettings, TableSettings, read
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl, DynamoJournal
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.stream.pace import Pace
from thinkaloud.wiring import knowledge
from thinkaloud.wiring.aws import api_key

#: Seconds. Reading has no limit here: SteadfastChat bounds silence, and counts words rather than bytes.
CHAT_TIMEOUT = openai.Timeout(connect=5.0, read=None, write=10.0, pool=5.0)


@cache
def runner() -> asyncio.Runner:
    """One event loop for all turns of this process: connections kept alive belong to it."""
    return asyncio.Runner()


@cache
def worker() -> Worker:
    """What answers turns."""
    table = read(TableSettings, os.environ).name
    stream = read(StreamSettings, os.environ)
    client = boto3.client("dynamodb", config=CLIENT_CONFIG)
    return Worker(
        Stores(
            DynamoConversations(client, table),
            DynamoJournal(client, table, stream.journal_seconds),
            DynamoControl(client, table),
        ),
        poster.ManagementPoster(
            boto3.client(
                "apigatewaymanagementapi",
                endpoint_url=read(GatewaySettings, os.environ).url,
                config=poster.CLIENT_CONFIG,
            )
        ),
        abilities(),
        rhythm=Rhythm(abandon=stream.abandon_seconds),
        pace=Pace(characters=stream.reader_characters or None),
    )


def abilities() -> Abilities:
    """The models and the index of the environment."""
    chat = read(ChatSettings, os.environ)
    client = openai.AsyncOpenAI(
        base_url=chat.base_url,
        api_key=api_key(chat.api_key_arn),
        timeout=CHAT_TIMEOUT,
        # SteadfastChat tries again.
        max_retries=0,
        http_client=knowledge.http(),
    )
    return Abilities(
        embedder=knowledge.embedder(),
        index=knowledge.index(),
        chat=SteadfastChat(
            [OpenAIChat(client, model, chat.answer_tokens) for model in (chat.model, *chat.fallbacks)],
            Patience(first=chat.first_token_seconds, between=chat.stall_seconds),
        ),
        top_k=read(IndexSettings, os.environ).top_k,
        prompt_tokens=chat.prompt_tokens,
    )
