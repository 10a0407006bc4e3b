"""A client of Thinkaloud for asyncio: ask, watch the answer form, stop it, and never see a frame twice.

The core is pure and knows no socket: `received` reads a frame, `fragments` joins a large one, `order` puts a turn's
frames in order, `fold` makes the message of them. `connection` opens a WebSocket, `link` is an open one, `client` keeps
one open, and `answer` is one answer on its way, wherever it was asked.
"""

from importlib.util import find_spec

if find_spec("websockets") is None:
    raise ModuleNotFoundError(
        "thinkaloud.client needs the package `websockets`; install it with: pip install 'thinkaloud[local]'",
        name="websockets",
    )

from thinkaloud.client.answer import Answer
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.client import Client
from thinkaloud.client.connection import Limits, TokenSource
from thinkaloud.client.errors import (
    BadAddress,
    BadToken,
    CannotConnect,
    ClientError,
    ConnectionLost,
    FramesMissing,
    GatewayError,
    HandshakeRefused,
    NoReply,
    Refused,
    TurnLost,
)
from thinkaloud.client.fold import Fold
from thinkaloud.client.fragments import Joiner
from thinkaloud.client.ids import new_id
from thinkaloud.client.messages import Message, ReasoningPart, SourcePart, TextPart, ToolPart
from thinkaloud.client.order import FrameOrder
from thinkaloud.client.received import Received, read

__all__ = [
    "Answer",
    "Backoff",
    "BadAddress",
    "BadToken",
    "CannotConnect",
    "Client",
    "ClientError",
    "ConnectionLost",
    "Fold",
    "FrameOrder",
    "FramesMissing",
    "GatewayError",
    "HandshakeRefused",
    "Joiner",
    "Limits",
    "Message",
    "NoReply",
    "ReasoningPart",
    "Received",
    "Refused",
    "SourcePart",
    "TextPart",
    "TokenSource",
    "ToolPart",
    "TurnLost",
    "new_id",
    "read",
]
