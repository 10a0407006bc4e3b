"""`$disconnect`: forget the connection. It may never be called; the connection's time to live then does it."""

from typing import Any

from thinkaloud.gateway.events import read_disconnect
from thinkaloud.wiring.connections import connections


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Nobody is left to hear the answer."""
    connections().forget(read_disconnect(event).connection)
    return {"statusCode": 200}
