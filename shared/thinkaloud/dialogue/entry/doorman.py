"""How many connections a user may have: lets them in, after a look at who has left without a word."""

from __future__ import annotations

from thinkaloud.gateway.presence import Presence
from thinkaloud.state.records import Connection
from thinkaloud.state.stores import ConnectionStore
from thinkaloud.telemetry import logger

#: Seconds within which a handshake ends one way or the other (the gateway's own limit is 29 s). Until then the gateway
#: says of a connection that it does not exist, so a younger seat is nobody's to take.
HANDSHAKE_TIME = 35


class Doorman:
    """Admits at most `most` connections of a user at a time."""

    def __init__(self, connections: ConnectionStore, presence: Presence, most: int) -> None:
        self._connections = connections
        self._presence = presence
        self.most = most

    def admit(self, connection: Connection) -> bool:
        """Store a connection that is being opened; False where all of the user's others are open.

        `$disconnect` is best effort, so a full house is looked through once before anyone is turned away.
        """
        taken = self._connections.put(connection, self.most)
        if not taken:
            return True
        principal = connection.principal
        settled = {seat.connection: seat for seat in taken if seat.since + HANDSHAKE_TIME <= connection.connected_at}
        empty = [settled[gone] for gone in self._presence.gone(list(settled))]
        self._connections.vacate(principal.tenant, principal.user, empty)
        admitted = bool(empty) and not self._connections.put(connection, self.most)
        logger().info(
            "all seats were taken",
            extra={
                "tenant": principal.tenant,
                "user": principal.user,
                "most": self.most,
                "swept": len(empty),
                "admitted": admitted,
            },
        )
        return admitted
