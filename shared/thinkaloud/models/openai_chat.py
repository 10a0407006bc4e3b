"""Any OpenAI-compatible chat endpoint, through the official client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import httpx2
import openai

from thinkaloud.errors import ModelBroken, ModelBusy, ModelError, ModelRefused, ModelUnavailable
from thinkaloud.models.chat import ChatMessage, Delta, Event, Finish
from thinkaloud.models.surrogates import SurrogateJoiner
from thinkaloud.protocol.frames import Usage

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam
    from openai.types.completion_usage import CompletionUsage

_REASONS = ("stop", "length", "content_filter")


class OpenAIChat:
    """Streams chat completions. `answer_tokens` bounds one answer."""

    def __init__(self, client: openai.AsyncOpenAI, model: str, answer_tokens: int) -> None:
        self.name = model
        self._client = client
        self._answer_tokens = answer_tokens

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        try:
            stream = await self._client.chat.completions.create(
                model=self.name,
                messages=cast("list[ChatCompletionMessageParam]", [vars(message) for message in messages]),
                max_completion_tokens=self._answer_tokens,
                stream=True,
                stream_options={"include_usage": True},
            )
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise model_error(error) from error
        try:
            async with stream, aclosing(_read(stream)) as events:
                async for event in events:
                    yield event
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:  # ValueError: neither JSON nor UTF-8
            raise ModelBroken(f"the model's stream broke off: {type(error).__name__}: {error}") from error


async def _read(chunks: AsyncIterator[ChatCompletionChunk]) -> AsyncGenerator[Event, None]:
    """Chunks -> deltas and the finish, which comes only after the usage chunk that follows it."""
    text, reasoning = SurrogateJoiner(), SurrogateJoiner()
    reason, usage, spoken = None, None, False
    async for chunk in chunks:
        if chunk.usage is not None:
            usage = _usage(chunk.usage)
        for choice in chunk.choices or ():  # some send null with the usage
            # Not in the client's types: DeepSeek, vLLM and others send it beside `content`.
            if thought := reasoning.join(getattr(choice.delta, "reasoning_content", None) or ""):
                yield Delta(thought, "reasoning")
            if piece := text.join(choice.delta.content or ""):
                spoken = True
                yield Delta(piece)
            reason = choice.finish_reason or reason
    if rest := text.rest():
        spoken = True
        yield Delta(rest)
    if reason is None:
        raise ModelBroken("the model's stream ended before its end" if spoken else "the model's stream held nothing")
    if not spoken and reason == "stop":
        raise ModelBroken("the model ended its answer without a word")
    yield Finish(cast("Any", reason if reason in _REASONS else "other"), usage)


def model_error(error: Exception) -> ModelError:
    """Why a provider did not begin to answer, in our terms. Its own words are for the log."""
    if not isinstance(error, openai.APIStatusError):
        return ModelUnavailable(f"the provider cannot be reached: {type(error).__name__}: {error}")
    detail = f"the provider answered {error.status_code}: {error.message}"
    if error.status_code == 429:
        return ModelBusy(detail, _retry_after(error.response.headers.get("retry-after")))
    if error.status_code < 500 and error.status_code != 408:
        return ModelRefused(detail)
    return ModelUnavailable(detail)


def _retry_after(header: str | None) -> float | None:
    """The seconds of a `Retry-After`; None for a date, which no model endpoint is known to send."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0.0 <= seconds < float("inf") else None


def _usage(usage: CompletionUsage) -> Usage | None:
    """The counts; None where a provider leaves them empty."""
    counts = (usage.prompt_tokens, usage.completion_tokens)
    return Usage(prompt=counts[0], completion=counts[1]) if all(isinstance(count, int) for count in counts) else None
