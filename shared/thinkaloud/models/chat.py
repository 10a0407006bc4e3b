"""What the turn asks of a chat model, and the model that plays a script for tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from thinkaloud.protocol.frames import Usage


@dataclass(frozen=True)
class ChatMessage:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Delta:
    """A piece of the answer, or of the model's reasoning. Never empty, never half a character."""

    content: str
    kind: Literal["text", "reasoning"] = "text"


@dataclass(frozen=True)
class Finish:
    """The end of a stream. `usage` is None where the provider does not say."""

    reason: Literal["stop", "length", "content_filter", "other"]
    usage: Usage | None


@dataclass(frozen=True)
class Begin:
    """`model` begins to answer, from the start: what another attempt said before, which was reasoning only, is void."""

    model: str


Event = Begin | Delta | Finish


class ChatModel(Protocol):
    """A model that answers as a stream."""

    name: str

    def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        """Deltas and, last, one `Finish`. Closing the iterator closes the connection to the provider at once.

        A `Begin` comes only from what may ask several models, or one several times; without it, `name` answers.

        Raises:
            ModelRefused, ModelBusy, ModelUnavailable: before or while it answers.
            ModelBroken: the stream ended without an end, or held nothing.
            ModelStalled: nothing came for too long.
        """


class ScriptedChat:
    """Plays what it is given, and keeps the prompts it got. An exception in the script is raised in its place."""

    def __init__(self, script: Sequence[Event | Exception], name: str = "scripted") -> None:
        self.name = name
        self.prompts: list[list[ChatMessage]] = []
        self._script = script

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        self.prompts.append(list(messages))
        for item in self._script:
            if isinstance(item, Exception):
                raise item
            yield item
