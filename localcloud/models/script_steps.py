"""What a script may say: one class a step, each turning itself into actions."""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from localcloud.models.openai_types import ApiError
from localcloud.models.pacing import filler, paced
from localcloud.models.performance import Action, CallTool, Cut, Fail, Line, Pause, Say, Stall, Think
from thinkaloud.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

# What OpenAI puts into `type` and `code` for a status, where a script does not say otherwise.
_KINDS = {401: ("invalid_request_error", "invalid_api_key"), 429: ("requests", "rate_limit_exceeded")}


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    delay: float = Field(0, ge=0, le=3600)

    def actions(self) -> Iterator[Action]:
        """The step's delay, then what it does."""
        if self.delay:
            yield Pause(self.delay)
        yield from self._play()

    @abstractmethod
    def _play(self) -> Iterator[Action]: ...


class _Spoken(_Step):
    text: str | None = None
    tokens: int | None = Field(None, ge=1, le=100_000)
    language: Language = "en"
    rate: float = Field(0, ge=0)
    chunk: list[Annotated[int, Field(ge=1)]] = Field([1], min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one_size(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and isinstance(raw.get("chunk"), int):
            return {**raw, "chunk": [raw["chunk"]]}
        return raw

    @model_validator(mode="after")
    def _one_source(self) -> _Spoken:
        if (self.text is None) == (self.tokens is None):
            raise ValueError("give either `text` or `tokens`, the number of tokens of filler text")
        return self

    def _said(self) -> Iterator[Say | Pause]:
        text = self.text if self.text is not None else filler(self.tokens or 0, self.language)
        return paced(text, self.rate, self.chunk)


class Text(_Spoken):
    """Says `text`, or `tokens` tokens of filler, `rate` tokens a second, `chunk` tokens a delta (or several sizes)."""

    do: Literal["text"]

    def _play(self) -> Iterator[Action]:
        yield from self._said()


class Reasoning(_Spoken):
    """The same as `reasoning_content`."""

    do: Literal["reasoning"]

    def _play(self) -> Iterator[Action]:
        for action in self._said():
            yield Think(action.text) if isinstance(action, Say) else action


class ToolCall(_Step):
    """Calls a tool, its arguments streamed in `pieces`. Arguments given as text may be broken JSON."""

    do: Literal["tool_call"]
    name: str = Field(min_length=1)
    arguments: dict[str, Any] | str = {}
    id: str = Field("call_1", min_length=1)
    index: int = Field(0, ge=0)
    pieces: int = Field(4, ge=1)

    def _play(self) -> Iterator[Action]:
        text = self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments, ensure_ascii=False)
        yield CallTool(self.index, "", id=self.id, name=self.name)
        size = max(1, math.ceil(len(text) / self.pieces))
        for start in range(0, len(text), size):
            yield CallTool(self.index, text[start : start + size])


class Surrogates(_Step):
    """Says `text` with each character beyond the basic plane torn in two: half in one delta, half in the next."""

    do: Literal["surrogates"]
    text: str = Field(min_length=1)

    def _play(self) -> Iterator[Action]:
        units = self.text.encode("utf-16-be")
        for start in range(0, len(units), 2):
            yield Say(units[start : start + 2].decode("utf-16-be", "surrogatepass"))


class Raw(_Step):
    """Puts `line` on the stream as it is, followed by an empty line."""

    do: Literal["raw"]
    line: str

    def _play(self) -> Iterator[Action]:
        yield Line(self.line)


class StallStep(_Step):
    """Goes silent until the client leaves."""

    do: Literal["stall"]

    def _play(self) -> Iterator[Action]:
        yield Stall()


class Abort(_Step):
    """Closes the connection in mid-stream; as the first step, before any response."""

    do: Literal["abort"]

    def _play(self) -> Iterator[Action]:
        yield Cut()


class Error(_Step):
    """Answers with an HTTP error; after other steps, with an error event in the stream.

    `body` replaces the whole body, which else is OpenAI's error object made of `message`, `type` and `code`; a text is
    sent as HTML, as proxies do.
    """

    do: Literal["error"]
    status: int = Field(ge=400, le=599)
    message: str = "The script says so."
    type: str | None = None
    code: str | None = None
    headers: dict[str, str] = {}
    body: Any = None

    def _play(self) -> Iterator[Action]:
        yield Fail(self.error())

    def error(self) -> ApiError:
        """The error as the API reports it."""
        kind, code = _KINDS.get(self.status, ("invalid_request_error" if self.status < 500 else "server_error", None))
        error = ApiError(
            self.status, self.message, kind=self.type or kind, code=self.code or code, headers=self.headers
        )
        if self.body is not None:
            error.body = self.body
        return error


Step = Annotated[Text | Reasoning | ToolCall | Surrogates | Raw | StallStep | Abort | Error, Field(discriminator="do")]
LAST_STEPS = (StallStep, Abort, Error)
