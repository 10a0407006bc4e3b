"""The frames of protocol v1, subprotocol `thinkaloud.v1`.

Client frames are told apart by `action`, server frames by `type`. A client may put `id` on any frame; the reply
echoes it as `re`. Frames of a turn travel inside an `Envelope` (session, turn, seq, trace), which the outbox adds.
Unknown fields are ignored both ways, so that either side may be newer.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter

#: Longest question in characters: 8,000 Chinese ones are 24 KB of UTF-8, which one 32 KB gateway frame still carries.
MAX_QUESTION = 8_000
#: Longest `metadata` of an ask, in bytes of JSON.
MAX_METADATA = 4_096
#: Numbers stay exact in every language that reads JSON.
MAX_SEQ = 2**53 - 1

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$"),
    Field(description="Opaque, minted by the client: 8 to 64 of A-Z a-z 0-9 _ -"),
]
FrameId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$"),
    Field(description="Names this frame, so that its reply can say `re`"),
]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)]
Language = Literal["en", "zh"]


# Validators are built when first used: building all of them takes 60 ms, and no function uses them all.
_DEFERRED = ConfigDict(defer_build=True)


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, defer_build=True, validate_by_name=True)


# ---- from the client -------------------------------------------------------------------------------------------------


class UserMessage(_Frame):
    """What the person wrote."""

    id: FrameId
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUESTION)]


class Ask(_Frame):
    """A question. `turn` is the idempotency key, and the id of the assistant's message."""

    action: Literal["ask"] = "ask"
    id: FrameId | None = None
    session: Identifier
    turn: Identifier
    message: UserMessage
    locale: Locale | None = Field(None, description="Language of labels, e.g. zh-CN; by default that of the question")
    metadata: dict[str, JsonValue] = Field(default_factory=dict, description="Kept with the turn; 4 KB of JSON at most")


class Stop(_Frame):
    """End a turn early, whoever asked it: what was said so far is kept."""

    action: Literal["stop"] = "stop"
    id: FrameId | None = None
    session: Identifier
    turn: Identifier


class Resume(_Frame):
    """Go on after `after`, the highest `seq` seen: on this connection, beside whoever else listens.

    Without `turn` it is the session's last one.
    """

    action: Literal["resume"] = "resume"
    id: FrameId | None = None
    session: Identifier
    turn: Identifier | None = None
    after: Annotated[int, Field(ge=0, le=MAX_SEQ)] = 0


class Auth(_Frame):
    """A fresh token of the same user, before the one this connection was opened with runs out."""

    action: Literal["auth"] = "auth"
    id: FrameId | None = None
    token: Annotated[str, StringConstraints(min_length=1, max_length=8_192)]


class Ping(_Frame):
    """Restarts the gateway's idle time-out, which protocol-level pings may not do.

    With `session` and `turn`, a turn that nobody runs any more is closed.
    """

    action: Literal["ping"] = "ping"
    id: FrameId | None = None
    session: Identifier | None = None
    turn: Identifier | None = None


AnyClientFrame = Ask | Stop | Resume | Auth | Ping
ClientFrame = Annotated[AnyClientFrame, Field(discriminator="action")]
CLIENT_FRAMES: TypeAdapter[AnyClientFrame] = TypeAdapter(ClientFrame, config=_DEFERRED)
ACTIONS = ("ask", "stop", "resume", "auth", "ping")


# ---- from the server, outside of a turn's sequence -------------------------------------------------------------------


class Accepted(_Frame):
    """The turn is stored and will be answered, whatever happens to this socket."""

    type: Literal["accepted"] = "accepted"
    re: str | None = None
    session: str
    turn: str
    trace: str
    heartbeat: float = Field(description="Longest silence of a live turn, in seconds")


class Resumed(_Frame):
    """The first reply to a `resume`: what is known of the turn, and the numbers that follow.

    `none`: there is no such turn, or it is too old. Where `to` is below `from`, nothing is missing.
    """

    type: Literal["resumed"] = "resumed"
    re: str | None = None
    session: str
    turn: str | None
    state: Literal["pending", "running", "waiting", "done", "none"]
    first: int = Field(alias="from")
    to: int


class Rotate(_Frame):
    """Open the next connection now: the gateway closes this one in `within` seconds."""

    type: Literal["rotate"] = "rotate"
    re: str | None = None
    within: float


class Notice(_Frame):
    """Word that ends nothing, e.g. that a token was taken."""

    type: Literal["notice"] = "notice"
    re: str | None = None
    code: str
    message: str


class Fragment(_Frame):
    """A piece of a frame over 32 KB. The `data` of all `count` pieces of one `id`, joined by `index` from 0, is it."""

    type: Literal["fragment"] = "fragment"
    id: str
    index: int
    count: int
    data: str


class Pong(_Frame):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    re: str | None = None


class Heartbeat(_Frame):
    """The turn is alive though it has nothing to say."""

    type: Literal["heartbeat"] = "heartbeat"
    session: str
    turn: str


# ---- from the server, in a turn's sequence ---------------------------------------------------------------------------


class Envelope(_Frame):
    """What every frame of a turn carries. `seq` counts from 1, and only a `reset` may leave numbers out.

    A `text` or `reasoning` that stands for several carries the first one's number as `from`.
    """

    session: str
    turn: str
    seq: int
    first: int | None = Field(None, alias="from")
    trace: str


class Status(_Frame):
    """What the system is doing. `start` comes first, then `end` or `error` with the same `id`."""

    type: Literal["status"] = "status"
    id: str
    phase: Literal["retrieval", "generation"]
    state: Literal["start", "end", "error"]
    label: str = Field(description="For people, in the client's language")
    latency: float | None = Field(None, description="Seconds the phase took, once known")


class SourceDocument(_Frame):
    """A passage the answer may cite; `[id]` in the text points here."""

    id: str
    title: str
    uri: str
    media: str = "text/markdown"
    score: float
    snippet: str
    section: str | None = None


class Source(_Frame):
    """What was found, before the first text."""

    type: Literal["source"] = "source"
    docs: tuple[SourceDocument, ...]


class Text(_Frame):
    """A piece of the answer. Pieces of one `part` join to its whole text; `step` counts model calls."""

    type: Literal["text"] = "text"
    part: str
    step: int
    content: str


class Reasoning(_Frame):
    """A piece of what the model thinks before it answers, where it shows that."""

    type: Literal["reasoning"] = "reasoning"
    part: str
    step: int
    content: str


class Citation(_Frame):
    """Where `part` cites `source`. Offsets count UTF-16 code units, as JavaScript indexes strings."""

    part: str
    start: int
    end: int
    source: str
    quote: str


class Usage(_Frame):
    """Tokens of the chat model. `estimated` where the provider did not say."""

    prompt: int
    completion: int
    estimated: bool = False


class Reset(_Frame):
    """Drop what this turn said from `step` on: a new worker starts over there."""

    type: Literal["reset"] = "reset"
    step: int


class Complete(_Frame):
    """The turn is over and stored. Always the last frame, unless an `error` is."""

    type: Literal["complete"] = "complete"
    finish: Literal["stop", "length", "content_filter", "stopped", "other"]
    reason: Literal["user", "superseded", "deadline", "quota"] | None = None
    model: str
    citations: tuple[Citation, ...] = ()
    usage: Usage
    timings: dict[str, float] = Field(description="Seconds by phase; `total` from the ask's arrival")


class Error(_Frame):
    """Something failed. Inside a turn's sequence it is final; without `turn` it answers the frame `re`."""

    type: Literal["error"] = "error"
    re: str | None = None
    code: str
    message: str
    retryable: bool
    session: str | None = None
    turn: str | None = None


TurnFrame = Status | Source | Text | Reasoning | Reset | Complete | Error
Reply = Accepted | Resumed | Pong | Rotate | Notice | Error
Unsequenced = Reply | Heartbeat | Fragment
ServerFrame = Annotated[Unsequenced | TurnFrame, Field(discriminator="type")]
SERVER_FRAMES: TypeAdapter[Unsequenced | TurnFrame] = TypeAdapter(ServerFrame, config=_DEFERRED)
SERVER_TYPES = (
    "accepted",
    "resumed",
    "pong",
    "rotate",
    "notice",
    "heartbeat",
    "fragment",
    "status",
    "source",
    "text",
    "reasoning",
    "reset",
    "complete",
    "error",
)
