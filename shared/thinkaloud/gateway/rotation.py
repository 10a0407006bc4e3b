"""When a client should move to its next connection, before the gateway closes the one it has.

API Gateway ends every WebSocket connection after two hours, which cannot be raised:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

from __future__ import annotations

#: Seconds a connection lasts.
CONNECTION_LIFE = 7_200.0
#: Seconds before the end from which on clients are told; each pings and asks more often than that.
ROTATE_BEFORE = 600.0


def rotate_due(connected_at_ms: int | None, now: float) -> float | None:
    """The seconds that a connection has left, once they are few; None before that, or if its age is not known.

    Args:
        connected_at_ms: when it was opened, in ms since 1970, as events have it.
        now: seconds since 1970.
    """
    if connected_at_ms is None:
        return None
    left = connected_at_ms / 1_000 + CONNECTION_LIFE - now
    return max(0.0, round(left, 3)) if left < ROTATE_BEFORE else None
