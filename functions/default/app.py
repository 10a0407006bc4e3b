"""`$default`: every message of an open connection."""

from typing import Any

from thinkaloud.gateway.events import read_message
from thinkaloud.protocol.encode import encode
from thinkaloud.wiring.reception import reception


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The route is two-way: a body that is returned reaches the client as a frame."""
    reply = reception().receive(read_message(event))
    return {"statusCode": 200} if reply is None else {"statusCode": 200, "body": encode(reply)}
