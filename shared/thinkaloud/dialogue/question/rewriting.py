"""A model completes a question from its conversation, where the rules are not sure: one short call, and no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from thinkaloud.dialogue.prompt import build_prompt
from thinkaloud.dialogue.prompts import load_prompt
from thinkaloud.dialogue.question.topics import topics
from thinkaloud.errors import ModelError
from thinkaloud.language import language_of
from thinkaloud.models.chat import ChatModel, Delta
from thinkaloud.state.records import Exchange
from thinkaloud.telemetry import logger

#: Estimated tokens of the whole prompt: a question is completed from the last exchange or two.
_BUDGET = 1_200
#: Characters of a question that is still one: a model that goes on has answered it instead.
_LONGEST = 300


class ModelRewrite:
    """`Rewrite` by a chat model, which has `seconds` for it: the reader waits."""

    def __init__(self, chat: ChatModel, seconds: float) -> None:
        self._chat = chat
        self._seconds = seconds

    async def __call__(self, text: str, memory: Sequence[Exchange]) -> str | None:
        """The question as it would be asked alone; None where the model fails, is late, or says something else."""
        language = language_of(text)
        prompt = build_prompt(text, load_prompt("rewrite", "v1", language), None, memory, _BUDGET)
        said = ""
        try:
            async with asyncio.timeout(self._seconds), aclosing(self._chat.stream(prompt.messages)) as stream:
                async for event in stream:
                    if isinstance(event, Delta) and event.kind == "text":
                        said += event.content
                        if len(said) > _LONGEST:
                            return None
        except (TimeoutError, ModelError) as error:
            logger().info("a question was not rewritten", extra={"detail": str(error) or type(error).__name__})
            return None
        alone = said.strip()
        # A model that answers, or apologises, says nothing of what the question or the conversation was about.
        named = {word for asked in (text, *(exchange.question for exchange in memory)) for word in topics(asked)}
        return alone if "\n" not in alone and named.intersection(topics(alone)) else None
