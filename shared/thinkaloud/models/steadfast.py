"""A chat model that does not leave anyone waiting: limits on silence, a second try, other models to fall back on."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from thinkaloud.client_codes import client_code
from thinkaloud.errors import ModelBusy, ModelError, ModelRefused, ModelStalled, ModelUnavailable
from thinkaloud.models.chat import Begin, ChatMessage, ChatModel, Delta, Event
from thinkaloud.telemetry import logger

#: Seconds before a model that is overloaded, or cannot be reached, is asked again.
BUSY_PAUSE = 1.0
UNAVAILABLE_PAUSE = 0.5
#: A pause is up to this share longer, so that the turns of one outage do not all come back at the same moment.
JITTER = 0.5
#: Longest pause, in seconds, that a provider's `Retry-After` is followed for: somebody is waiting.
LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class Patience:
    """The longest silences, in seconds: before the first word of an attempt, and between two. Reasoning counts."""

    first: float = 60.0
    between: float = 30.0


class SteadfastChat:
    """Asks the first of `models`; if it fails before any text was shown, once more, and then each of the others once.

    After text was shown nothing is tried again, since a second answer would contradict the first: the error is final.
    A `Begin` precedes each attempt's first word.
    """

    def __init__(self, models: Sequence[ChatModel], patience: Patience) -> None:
        self.name = models[0].name
        self._models = models
        self._patience = patience

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        upcoming = deque([self._models[0], *self._models])
        spoken = False
        now = asyncio.get_running_loop().time
        while True:
            model = upcoming.popleft()
            started = now()
            try:
                async with aclosing(self._attempt(model, messages)) as events:
                    async for event in events:
                        spoken = spoken or (isinstance(event, Delta) and event.kind == "text")
                        yield event
                return
            except ModelError as error:
                _log(error, model, now() - started)
                pause = 0.0
                if not spoken and upcoming and upcoming[0] is model:
                    again = _pause(error)
                    if again is None:
                        upcoming.popleft()
                    pause = again or 0.0
                if spoken or not upcoming:
                    raise
            await asyncio.sleep(pause)

    async def _attempt(self, model: ChatModel, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        """One model's events after a `Begin`. A silence over its limit cancels the stream, and so closes it.

        Raises:
            ModelError: as the model does, or `ModelStalled`.
        """
        begun = False
        async with aclosing(model.stream(messages)) as events:
            while True:
                limit = self._patience.between if begun else self._patience.first
                try:
                    async with asyncio.timeout(limit) as silence:
                        event = await anext(events)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    if not silence.expired():
                        raise
                    where = "in mid-answer" if begun else "before its first word"
                    raise ModelStalled(f"{model.name} was silent for {limit:g} s {where}") from None
                if not begun:
                    begun = True
                    yield Begin(model.name)
                yield event


def _pause(error: ModelError) -> float | None:
    """Seconds to wait before the same model is asked again; None where that is of no use."""
    match error:
        case ModelRefused():
            return None
        case ModelBusy(retry_after=float() as wanted):
            # Coming back sooner than asked would only be refused again.
            return wanted * _jitter() if wanted <= LONGEST_PAUSE else None
        case ModelBusy():
            return BUSY_PAUSE * _jitter()
        case ModelUnavailable():
            return UNAVAILABLE_PAUSE * _jitter()
    return 0.0


def _jitter() -> float:
    return 1.0 + JITTER * random.random()  # noqa: S311 - spreads load, guards nothing


def _log(error: ModelError, model: ChatModel, seconds: float) -> None:
    code, _ = client_code(error)
    logger().warning(
        "a model failed",
        extra={"model": model.name, "code": code, "detail": str(error), "seconds": round(seconds, 3)},
    )
