"""What happens in an open socket's life besides posts: its messages go to routes, its end to `$disconnect`."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from localcloud.gateway.errors import BufferFull, Gone
from localcloud.gateway.events import disconnect_event, message_event, mint
from localcloud.gateway.integration import Answered, TimedOut, read_reply
from localcloud.gateway.routing import DISCONNECT, Router

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.gateway.connections import Connection
    from localcloud.gateway.events import Address
    from localcloud.gateway.integration import Integrations
    from localcloud.gateway.limits import Limits
    from localcloud.template.model import WebSocketApi

LOG = logging.getLogger(__name__)


class Dispatcher:
    """Invokes the functions of an API's routes for its open connections."""

    def __init__(
        self, api: WebSocketApi, integrations: Integrations, limits: Limits, clock: Callable[[], float]
    ) -> None:
        """Raises `UnknownSelection` where the API's route selection expression is not of the supported form."""
        self._router = Router(api.selection_expression, api.routes)
        self._disconnect = api.routes.get(DISCONNECT)
        self._integrations = integrations
        self._limits = limits
        self._clock = clock

    async def message(self, address: Address, connection: Connection, body: str) -> None:
        """One message: its own invocation, its own outcome. The socket stays open whatever that is."""
        request_id = mint()
        route = self._router.select(body)
        if route is None:
            await _complain(connection, "Forbidden", request_id)
            return
        event = message_event(
            address,
            connection.caller,
            route_key=route.key,
            body=body,
            request_id=request_id,
            authorizer=connection.authorizer,
            now=self._clock(),
        )
        outcome = await self._integrations.call(route.function, event, self._limits.integration(route.timeout_s))
        if isinstance(outcome, TimedOut):
            await _complain(connection, "Endpoint request timed out", request_id)
            return
        reply = read_reply(outcome.payload) if isinstance(outcome, Answered) else None
        if reply is None:
            await _complain(connection, "Internal server error", request_id)
        elif route.two_way and reply.body is not None:
            await _tell(connection, reply.body)

    async def end(self, address: Address, connection: Connection, code: int, reason: str) -> None:
        """Tell `$disconnect`, as well as it goes: nobody reads what it answers."""
        if self._disconnect is None:
            return
        event = disconnect_event(
            address,
            connection.caller,
            code=code,
            reason=reason,
            authorizer=connection.authorizer,
            now=self._clock(),
        )
        await self._integrations.call(
            self._disconnect.function, event, self._limits.integration(self._disconnect.timeout_s)
        )


async def _complain(connection: Connection, message: str, request_id: str) -> None:
    """Send the gateway's own error frame."""
    await _tell(connection, json.dumps({"message": message, "connectionId": connection.id, "requestId": request_id}))


async def _tell(connection: Connection, text: str) -> None:
    """Send a frame of the gateway's own accord: nobody waits to hear that the client has left, or is slow."""
    try:
        await connection.send(text.encode())
    except (Gone, BufferFull) as error:
        LOG.info("%s did not get a frame: %s", connection.id, type(error).__name__)
