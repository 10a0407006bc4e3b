"""What a conversation is made of once its frames are folded: messages `{id, role, parts, metadata}`. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from pydantic import JsonValue

    from thinkaloud.protocol.frames import SourceDocument


@dataclass(slots=True)
class TextPart:
    """A run of the answer's text. `part` is its name, unique in the turn, and `step` the model call it came from."""

    type: ClassVar[str] = "text"
    part: str
    step: int
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """As history sends it."""
        return {"type": self.type, **asdict(self)}


@dataclass(slots=True)
class ReasoningPart(TextPart):
    """What the model thought before it answered."""

    type: ClassVar[str] = "reasoning"


@dataclass(slots=True)
class SourcePart:
    """The passages the answer may cite. `step` is that of the last model call before, 0 where there was none."""

    type: ClassVar[str] = "source"
    docs: tuple[SourceDocument, ...]
    step: int = 0

    def to_json(self) -> dict[str, Any]:
        """As history sends it."""
        return {"type": self.type, "docs": [doc.model_dump(mode="json", exclude_none=True) for doc in self.docs]}


@dataclass(slots=True)
class ToolPart:
    """One call of a tool. `status` is running until its result is there, then ok, error or denied."""

    type: ClassVar[str] = "tool"
    call: str
    step: int
    name: str
    args: JsonValue = None
    status: str = "running"
    output: JsonValue = None
    error: JsonValue = None

    def to_json(self) -> dict[str, Any]:
        """As history sends it."""
        return {"type": self.type, **asdict(self)}


Part = TextPart | ReasoningPart | SourcePart | ToolPart


@dataclass(slots=True)
class Message:
    """One message of a conversation. An assistant's carries its turn's id.

    `metadata` of an assistant's message: `session`, `trace`; once complete `finish`, `reason`, `model`, `citations`,
    `usage`, `timings`; once failed `error {code, message, retryable}`.
    """

    id: str
    role: Literal["user", "assistant"]
    parts: list[Part] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The answer's text, its parts joined by a blank line."""
        return "\n\n".join(part.text for part in self.parts if type(part) is TextPart and part.text)

    @property
    def sources(self) -> tuple[SourceDocument, ...]:
        """Every passage that was found, in the order it came."""
        return tuple(doc for part in self.parts if isinstance(part, SourcePart) for doc in part.docs)

    @property
    def cited(self) -> frozenset[str]:
        """The ids of the passages that the finished answer cites."""
        return frozenset(citation["source"] for citation in self.metadata.get("citations", ()))

    def to_json(self) -> dict[str, Any]:
        """`{id, role, parts, metadata}`, plain values only."""
        parts = [part.to_json() for part in self.parts]
        return {"id": self.id, "role": self.role, "parts": parts, "metadata": self.metadata}
