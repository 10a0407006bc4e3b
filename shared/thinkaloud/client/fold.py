"""A turn's frames, in order -> the assistant's message. Pure.

The message after any prefix of the frames is what a person should see at that moment, so that a client can draw it
anew after each frame and never needs to know what changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from thinkaloud.client.messages import Message, ReasoningPart, SourcePart, TextPart
from thinkaloud.protocol.frames import Accepted, Complete, Error, Reasoning, Source, Text

if TYPE_CHECKING:
    from thinkaloud.client.received import Received

Run = TypeVar("Run", TextPart, ReasoningPart)


class Fold:
    """The message of one turn, growing."""

    def __init__(self, session: str, turn: str) -> None:
        self.message = Message(turn, "assistant", metadata={"session": session})

    def add(self, received: Received) -> None:
        """Take in the next frame. What tells of the way and not of the answer (`status`, say) leaves no trace."""
        match received.frame:
            case Text(part=part, step=step, content=content):
                self._run(TextPart, part, step).text += content
            case Reasoning(part=part, step=step, content=content):
                self._run(ReasoningPart, part, step).text += content
            case Source(docs=docs):
                self.message.parts.append(SourcePart(docs))
            case Accepted(trace=trace):
                self.message.metadata["trace"] = trace
            case Complete() as complete:
                self.message.metadata |= complete.model_dump(mode="json", exclude={"type"}, exclude_none=True)
            case Error() as error:
                self.message.metadata["error"] = error.model_dump(include={"code", "message", "retryable"})

    def _run(self, kind: type[Run], name: str, step: int) -> Run:
        for part in reversed(self.message.parts):
            if type(part) is kind and part.part == name:
                return part
        self.message.parts.append(run := kind(name, step))
        return run
