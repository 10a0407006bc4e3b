"""`$connect`: check where the page comes from, remember the connection, choose the subprotocol."""

import time
from typing import Any

from thinkaloud.gateway.events import read_connect
from thinkaloud.gateway.handshake import answer_handshake
from thinkaloud.state.records import CONNECTION_LIFETIME, Connection
from thinkaloud.telemetry import logger
from thinkaloud.wiring.connections import allowed_origins, connections


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The upgrade waits for this; a status other than 200 is what the client's handshake gets."""
    connect = read_connect(event)
    response = answer_handshake(connect.handshake, allowed_origins())
    if response["statusCode"] == 200:
        now = int(time.time())
        connections().put(Connection(connect.connection, connect.principal, now, now + CONNECTION_LIFETIME))
    logger().info("connect", extra={"status": response["statusCode"], "tenant": connect.principal.tenant})
    return response
