"""`$connect`: check where the page comes from, find the connection a seat, choose the subprotocol."""

import time
from typing import Any

from thinkaloud.gateway.events import read_connect
from thinkaloud.gateway.handshake import answer_handshake, too_many
from thinkaloud.state.records import CONNECTION_LIFETIME, Connection
from thinkaloud.telemetry import logger
from thinkaloud.wiring.connections import allowed_origins, doorman


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The upgrade waits for this; a status other than 200 is what the client's handshake gets."""
    connect = read_connect(event)
    response = answer_handshake(connect.handshake, allowed_origins())
    if response["statusCode"] == 200:
        now = int(time.time())
        door = doorman(connect.endpoint)
        if not door.admit(Connection(connect.connection, connect.principal, now, now + CONNECTION_LIFETIME)):
            response = too_many(door.most)
    logger().info("connect", extra={"status": response["statusCode"], "tenant": connect.principal.tenant})
    return response
