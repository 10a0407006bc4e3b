"""A turn's frames, in order -> the assistant's message. Pure.

The message after any prefix of the frames is what a person should see at that moment, so that a client can draw it
anew after each frame and never needs to know what changed. Whoever saw the frames as they were sent and whoever caught
up later, by ranges, have the same message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from thinkaloud.client.messages import Message, ReasoningPart, SourcePart, TextPart, ToolPart
from thinkaloud.protocol.frames import Complete, Error, Reasoning, Reset, Source, Text

if TYPE_CHECKING:
    from thinkaloud.client.received import Received

Run = TypeVar("Run", TextPart, ReasoningPart)


class Fold:
    """The message of one turn, growing."""

    def __init__(self, session: str, turn: str) -> None:
        self.message = Message(turn, "assistant", metadata={"session": session})

    def add(self, received: Received) -> None:
        """Take in the next frame. What tells of the way and not of the answer (`status`, say) leaves no trace."""
        if isinstance(trace := received.fields.get("trace"), str):
            self.message.metadata["trace"] = trace
        match received.frame:
            case Text(part=part, step=step, content=content):
                self._run(TextPart, part, step).text += content
            case Reasoning(part=part, step=step, content=content):
                self._run(ReasoningPart, part, step).text += content
            case Source(docs=docs):
                self.message.parts.append(SourcePart(docs, max((part.step for part in self.message.parts), default=0)))
            case Reset(step=step):
                self.message.parts[:] = [part for part in self.message.parts if part.step < step]
            case Complete() as complete:
                self.message.metadata |= complete.model_dump(mode="json", exclude={"type"}, exclude_none=True)
            case Error() as error:
                self.message.metadata["error"] = error.model_dump(include={"code", "message", "retryable"})
            case None:
                self._tool(received.type, received.fields)

    def _run(self, kind: type[Run], name: str, step: int) -> Run:
        for part in reversed(self.message.parts):
            if type(part) is kind and part.part == name:
                return part
        self.message.parts.append(run := kind(name, step))
        return run

    def _tool(self, kind: str, fields: dict[str, Any]) -> None:
        """Tools are folded from their JSON: the protocol names their frames, and this version has no models of them."""
        match kind, fields:
            case "tool_call", {"call": str(call), "step": int(step), "name": str(name)}:
                self.message.parts.append(ToolPart(call, step, name, fields.get("args")))
            case "tool_result", {"call": str(call), "status": str(status)}:
                for part in self.message.parts:
                    if isinstance(part, ToolPart) and part.call == call:
                        part.status, part.output, part.error = status, fields.get("output"), fields.get("error")
