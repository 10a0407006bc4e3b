"""The frames of protocol v1, subprotocol `thinkaloud.v1`: what a server sends; `requests.py` has a client's.

Client frames are told apart by `action`, server frames by `type`. A client may put `id` on any frame; the reply
echoes it as `re`. Frames of a turn travel inside an `Envelope` (session, turn, seq, trace), which the outbox adds.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

#: Numbers stay exact in every language that reads JSON.
MAX_SEQ = 2**53 - 1

# Validators are built when first used: building all of them takes 60 ms, and no function uses them all.
DEFERRED = ConfigDict(defer_build=True)


class Frame(BaseModel):
    """What all frames share. Unknown fields are ignored, so that either side may be newer."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, defer_build=True, validate_by_name=True)


# ---- from the server, outside of a turn's sequence -------------------------------------------------------------------


class Accepted(Frame):
    """The turn is stored and will be answered, whatever happens to this socket."""

    type: Literal["accepted"] = "accepted"
    re: str | None = None
    session: str
    turn: str
    trace: str
    heartbeat: float = Field(description="Longest silence of a live turn, in seconds")


class Resumed(Frame):
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


class Rotate(Frame):
    """Open the next connection now: the gateway closes this one in `within` seconds."""

    type: Literal["rotate"] = "rotate"
    re: str | None = None
    within: float


class Notice(Frame):
    """Word that ends nothing: that a token was taken, that a `stop` was heard."""

    type: Literal["notice"] = "notice"
    re: str | None = None
    code: str
    message: str


class Fragment(Frame):
    """A piece of a frame over 32 KB. The `data` of all `count` pieces of one `id`, joined by `index` from 0, is it."""

    type: Literal["fragment"] = "fragment"
    id: str
    index: int
    count: int
    data: str


class Pong(Frame):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    re: str | None = None


class Heartbeat(Frame):
    """The turn is alive though it has nothing to say."""

    type: Literal["heartbeat"] = "heartbeat"
    session: str
    turn: str


# ---- from the server, in a turn's sequence ---------------------------------------------------------------------------


class Envelope(Frame):
    """What every frame of a turn carries. `seq` counts from 1, and only a `reset` may leave numbers out.

    A `text` or `reasoning` that stands for several carries the first one's number as `from`.
    """

    session: str
    turn: str
    seq: int
    first: int | None = Field(None, alias="from")
    trace: str


class Status(Frame):
    """What the system is doing. `start` comes first, then `end` or `error` with the same `id`."""

    type: Literal["status"] = "status"
    id: str
    phase: Literal["retrieval", "generation"]
    state: Literal["start", "end", "error"]
    label: str = Field(description="For people, in the client's language")
    latency: float | None = Field(None, description="Seconds the phase took, once known")


class SourceDocument(Frame):
    """A passage the answer may cite; `[id]` in the text points here."""

    id: str
    title: str
    uri: str
    media: str = "text/markdown"
    score: float
    snippet: str
    section: str | None = None
    page: int | None = Field(None, description="Where the document has pages or slides, from 1")


class Source(Frame):
    """What was found, before the first text."""

    type: Literal["source"] = "source"
    docs: tuple[SourceDocument, ...]


class Text(Frame):
    """A piece of the answer. Pieces of one `part` join to its whole text; `step` counts model calls."""

    type: Literal["text"] = "text"
    part: str
    step: int
    content: str


class Reasoning(Frame):
    """A piece of what the model thinks before it answers, where it shows that."""

    type: Literal["reasoning"] = "reasoning"
    part: str
    step: int
    content: str


class Citation(Frame):
    """Where `part` cites `source`. Offsets count UTF-16 code units, as JavaScript indexes strings."""

    part: str
    start: int
    end: int
    source: str
    quote: str


class Usage(Frame):
    """Tokens of the chat model. `estimated` where the provider did not say."""

    prompt: int
    completion: int
    estimated: bool = False


class Reset(Frame):
    """Drop what this turn said from `step` on: a new worker starts over there."""

    type: Literal["reset"] = "reset"
    step: int


class Complete(Frame):
    """The turn is over and stored. Always the last frame, unless an `error` is."""

    type: Literal["complete"] = "complete"
    finish: Literal["stop", "length", "content_filter", "stopped", "other"]
    reason: Literal["user", "superseded", "deadline", "quota"] | None = None
    model: str | None = Field(None, description="The one that answered; none where no model was asked")
    covered: bool | None = Field(None, description="Whether the documents answer; absent where they were not asked")
    citations: tuple[Citation, ...] = ()
    usage: Usage
    timings: dict[str, float] = Field(description="Seconds by phase; `total` from the ask's arrival")


class Error(Frame):
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
SERVER_FRAMES: TypeAdapter[Unsequenced | TurnFrame] = TypeAdapter(ServerFrame, config=DEFERRED)
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
