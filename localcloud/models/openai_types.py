"""The part of OpenAI's API that is spoken here: requests in, errors out.

Requests take any further field, as compatible servers do; what the local models cannot honour (`n`, token arrays) is
refused rather than ignored. Shapes follow https://platform.openai.com/docs/api-reference and the `openai` client.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from localcloud.models.embedding import MIN_DIMENSIONS, STATIC_DIMENSIONS

_Body = TypeVar("_Body", bound=BaseModel)


class ApiError(Exception):
    """An answer that is an error; `body` is in the shape the `openai` client reads its message and code from."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: Any = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def model_not_found(name: str, hint: str) -> ApiError:
    """The 404 for a model that is not here; `hint` says what is."""
    return ApiError(404, f"The model '{name}' does not exist. {hint}", param="model", code="model_not_found")


def _joined(content: object) -> object:
    """A message's content as one text: given so, or as a list of parts, of which only the text is read."""
    if not isinstance(content, list):
        return content
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Input = Annotated[str, Field(min_length=1)]


class Message(BaseModel):
    """One message of a conversation; fields that nothing here reads (`tool_calls`, `name`) are kept for the record."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[str | None, BeforeValidator(_joined)] = None


class StreamOptions(BaseModel):
    """What a stream carries besides text."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """`POST /v1/chat/completions`."""

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: Annotated[Annotated[list[str], Field(max_length=4)] | None, BeforeValidator(_listed)] = None
    n: Literal[1] | None = 1
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)

    @field_validator("stream_options")
    @classmethod
    def _only_for_streams(cls, options: StreamOptions | None, fields: ValidationInfo) -> StreamOptions | None:
        if options is not None and not fields.data.get("stream"):
            raise ValueError("it is only allowed when 'stream' is enabled")
        return options

    @property
    def limit(self) -> int | None:
        """The most tokens to answer with; the newer field wins over the older one."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def user_texts(self) -> list[str]:
        """The texts of the user messages, oldest first."""
        return [message.content or "" for message in self.messages if message.role == "user"]

    @property
    def calls_made(self) -> int:
        """How often the model was already called in this turn: the assistant messages after the last user message."""
        calls = 0
        for message in self.messages:
            calls = 0 if message.role == "user" else calls + (message.role == "assistant")
        return calls


class EmbeddingRequest(BaseModel):
    """`POST /v1/embeddings`. Arrays of token ids are refused: the local model shares its tokenizer with nobody."""

    model: str
    input: Annotated[list[_Input], BeforeValidator(_listed), Field(min_length=1, max_length=2048)]
    dimensions: int | None = Field(None, ge=MIN_DIMENSIONS, le=STATIC_DIMENSIONS)
    encoding_format: Literal["float", "base64"] = "float"


def read_body(kind: type[_Body], raw: bytes) -> _Body:
    """`raw` as a `kind`.

    Raises:
        ApiError: 400 naming the first field at fault, in OpenAI's words and codes where it has some.
    """
    try:
        return kind.model_validate_json(raw)
    except ValidationError as refused:
        raise _explain(refused) from refused


def _explain(refused: ValidationError) -> ApiError:
    fault = refused.errors(include_url=False, include_context=False)[0]
    if fault["type"] == "json_invalid":
        return ApiError(400, f"We could not parse the JSON body of your request. {fault['msg']}")
    path = ""
    for step in fault["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    if fault["type"] == "missing":
        message, code = f"Missing required parameter: '{path}'.", "missing_required_parameter"
    elif fault["type"].endswith("_type"):
        message, code = f"Invalid type for '{path}': {fault['msg']}.", "invalid_type"
    else:
        message, code = f"Invalid value for '{path}': {fault['msg']}.", "invalid_value"
    return ApiError(400, message, param=path or None, code=code)
