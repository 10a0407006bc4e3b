"""What a model is going to do with one request, as plain values: decided first, then played on the wire.

A model that computes its answer and one that acts out a script both end up here, so that streaming, limits and usage
are written once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.models.openai_types import ApiError

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True)
class Say:
    """One delta of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """One delta of `reasoning_content`, the field vLLM and DeepSeek stream their reasoning in."""

    text: str


@dataclass(frozen=True, slots=True)
class CallTool:
    """One delta of a tool call: its first piece carries id and name, all pieces carry a part of the arguments."""

    index: int
    arguments: str
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """The next action is due this many seconds after this one."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing more, and keep the connection open until the client leaves."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection without ending the response."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line put on the stream as it is, well-formed or not."""

    text: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer with an error: an HTTP status if nothing was sent before, else an error event that ends the stream."""

    error: ApiError


Output = Say | Think | CallTool | Cut | Line | Fail
Action = Output | Pause | Stall


@dataclass(frozen=True)
class Performance:
    """Actions in order, then the end, any part of which may be missing: finish reason, usage if asked for, `[DONE]`."""

    actions: Sequence[Action]
    finish_reason: FinishReason | None = "stop"
    usage: bool = True
    done: bool = True

    @property
    def text(self) -> str:
        """All that is said."""
        return "".join(action.text for action in self.actions if isinstance(action, Say))

    def until(self, end: int, finish_reason: FinishReason) -> Performance:
        """The same as far as character `end` of the text, which then ends for `finish_reason`."""
        kept: list[Action] = []
        said = 0
        for action in self.actions:
            if isinstance(action, Say):
                if said + len(action.text) >= end:
                    kept.append(Say(action.text[: end - said]))
                    break
                said += len(action.text)
            kept.append(action)
        return replace(self, actions=kept, finish_reason=finish_reason, done=True)
