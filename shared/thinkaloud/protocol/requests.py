"""The frames that a client sends, told apart by `action`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints, TypeAdapter

from thinkaloud.protocol.frames import DEFERRED, MAX_SEQ, Frame

#: Longest question in characters: 8,000 Chinese ones are 24 KB of UTF-8, which one 32 KB gateway frame still carries.
MAX_QUESTION = 8_000
#: Longest `metadata` of an ask, in bytes of JSON.
MAX_METADATA = 4_096

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
_ReplyLocale = Annotated[Locale | None, Field(description="Language of the reply's `message`; by default English")]


class UserMessage(Frame):
    """What the person wrote."""

    id: FrameId
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUESTION)]


class Ask(Frame):
    """A question. `turn` is the idempotency key, and the id of the assistant's message."""

    action: Literal["ask"] = "ask"
    id: FrameId | None = None
    session: Identifier
    turn: Identifier
    message: UserMessage
    locale: Locale | None = Field(None, description="Language of labels, e.g. zh-CN; by default that of the question")
    metadata: dict[str, JsonValue] = Field(default_factory=dict, description="Kept with the turn; 4 KB of JSON at most")


class Stop(Frame):
    """End a turn early, whoever asked it: what was said so far is kept. A `notice` answers it."""

    action: Literal["stop"] = "stop"
    id: FrameId | None = None
    session: Identifier
    turn: Identifier
    locale: _ReplyLocale = None


class Resume(Frame):
    """Go on after `after`, the highest `seq` seen: on this connection, beside whoever else listens.

    Without `turn` it is the session's last one.
    """

    action: Literal["resume"] = "resume"
    id: FrameId | None = None
    session: Identifier
    turn: Identifier | None = None
    after: Annotated[int, Field(ge=0, le=MAX_SEQ)] = 0
    locale: _ReplyLocale = None


class Auth(Frame):
    """A fresh token of the same user, before the one this connection was opened with runs out."""

    action: Literal["auth"] = "auth"
    id: FrameId | None = None
    token: Annotated[str, StringConstraints(min_length=1, max_length=8_192)]
    locale: _ReplyLocale = None


class Ping(Frame):
    """Restarts the gateway's idle time-out, which protocol-level pings may not do.

    With `session` and `turn`, a turn that nobody runs any more is closed.
    """

    action: Literal["ping"] = "ping"
    id: FrameId | None = None
    session: Identifier | None = None
    turn: Identifier | None = None
    locale: _ReplyLocale = None


AnyClientFrame = Ask | Stop | Resume | Auth | Ping
ClientFrame = Annotated[AnyClientFrame, Field(discriminator="action")]
CLIENT_FRAMES: TypeAdapter[AnyClientFrame] = TypeAdapter(ClientFrame, config=DEFERRED)
ACTIONS = ("ask", "stop", "resume", "auth", "ping")
