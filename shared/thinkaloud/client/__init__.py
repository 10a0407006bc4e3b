"""A client of Thinkaloud for asyncio: ask, watch the answer form, stop it, and never see a frame twice.

The core is pure and knows no socket: `received` reads a frame, `order` puts a turn's frames in order, `fold` makes
the message of them. `connection` opens a WebSocket, `client` keeps one open, `answer` is one question on its way.
"""

from importlib.util import find_spec

if find_spec("websockets") is None:
    raise ModuleNotFoundError(
        "thinkaloud.client needs the package `websockets`; install it with: pip install 'thinkaloud[local]'",
        name="websockets",
    )

from thinkaloud.client.answer import Answer
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.client import Client, new_id
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
)
from thinkaloud.client.fold import Fold
from thinkaloud.client.messages import Message, ReasoningPart, SourcePart, TextPart
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
    "Limits",
    "Message",
    "NoReply",
    "ReasoningPart",
    "Received",
    "SourcePart",
    "TextPart",
    "TokenSource",
    "new_id",
    "read",
]
