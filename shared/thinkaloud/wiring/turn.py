"""The parts of the `turn` function."""

from __future__ import annotations

import os
from functools import cache

import openai

from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.answer.variants import Variants
from thinkaloud.dialogue.question.rewriting import ModelRewrite
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.knowledge.retrieval.search import Retriever
from thinkaloud.models.openai_chat import OpenAIChat
from thinkaloud.models.steadfast import Patience, SteadfastChat
from thinkaloud.settings import AuditSettings, ChatSettings, DialogueSettings, read
from thinkaloud.wiring import knowledge
from thinkaloud.wiring.aws import api_key
from thinkaloud.wiring.stream import make_worker

#: Seconds. Reading has no limit here: SteadfastChat bounds silence, and counts words rather than bytes.
CHAT_TIMEOUT = openai.Timeout(connect=5.0, read=None, write=10.0, pool=5.0)

#: Seconds that a question may wait for a model to complete it, and the most tokens of what that says.
REWRITE_SECONDS = 1.5
REWRITTEN_TOKENS = 120


@cache
def worker() -> Worker:
    """What answers turns."""
    return make_worker(abilities(), read(AuditSettings, os.environ).days)


def abilities(retriever: Retriever | None = None) -> Abilities:
    """The models and the retriever of the environment, or another retriever."""
    chat, dialogue = read(ChatSettings, os.environ), read(DialogueSettings, os.environ)
    client = openai.AsyncOpenAI(
        base_url=chat.base_url,
        api_key=api_key(chat.api_key_arn),
        timeout=CHAT_TIMEOUT,
        # SteadfastChat tries again.
        max_retries=0,
        http_client=knowledge.http(),
    )
    return Abilities(
        retriever=retriever or knowledge.retriever(),
        chat=SteadfastChat(
            [OpenAIChat(client, model, chat.answer_tokens) for model in (chat.model, *chat.fallbacks)],
            Patience(first=chat.first_token_seconds, between=chat.stall_seconds),
        ),
        prompt_tokens=chat.prompt_tokens,
        variants=Variants.parse(dialogue.prompt_variants),
        rewrite=ModelRewrite(OpenAIChat(client, chat.model, REWRITTEN_TOKENS), REWRITE_SECONDS)
        if dialogue.rewrite == "model"
        else None,
        models=knowledge.models(),
    )
