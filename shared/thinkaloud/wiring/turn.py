"""The parts of the `turn` function."""

from __future__ import annotations

import asyncio
import os
from functools import cache

import boto3
import openai

from thinkaloud.dialogue.turn import Abilities
from thinkaloud.dialogue.worker import Worker
from thinkaloud.gateway import poster
from thinkaloud.models.openai_chat import OpenAIChat
from thinkaloud.settings import ChatSettings, GatewaySettings, IndexSettings, TableSettings, read
from thinkaloud.state import dynamodb
from thinkaloud.wiring import knowledge
from thinkaloud.wiring.aws import api_key

#: Seconds between two chunks of a model that is thinking; a long prompt takes its time before the first.
CHAT_TIMEOUT = openai.Timeout(connect=5.0, read=120.0, write=10.0, pool=5.0)


@cache
def runner() -> asyncio.Runner:
    """One event loop for all turns of this process: connections kept alive belong to it."""
    return asyncio.Runner()


@cache
def worker() -> Worker:
    """What answers turns."""
    return Worker(
        dynamodb.DynamoConversations(
            boto3.client("dynamodb", config=dynamodb.CLIENT_CONFIG), read(TableSettings, os.environ).name
        ),
        poster.ManagementPoster(
            boto3.client(
                "apigatewaymanagementapi",
                endpoint_url=read(GatewaySettings, os.environ).url,
                config=poster.CLIENT_CONFIG,
            )
        ),
        abilities(),
    )


def abilities() -> Abilities:
    """The models and the index of the environment."""
    chat = read(ChatSettings, os.environ)
    client = openai.AsyncOpenAI(
        base_url=chat.base_url,
        api_key=api_key(chat.api_key_arn),
        timeout=CHAT_TIMEOUT,
        max_retries=1,
        http_client=knowledge.http(),
    )
    return Abilities(
        embedder=knowledge.embedder(),
        index=knowledge.index(),
        chat=OpenAIChat(client, chat.model, chat.answer_tokens),
        top_k=read(IndexSettings, os.environ).top_k,
        prompt_tokens=chat.prompt_tokens,
    )
