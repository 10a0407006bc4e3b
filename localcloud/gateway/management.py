"""The management API: `@connections`, as an `apigatewaymanagementapi` client calls it.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
and botocore's model `apigatewaymanagementapi/2018-11-29`.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from aiohttp import web

from localcloud.gateway.admin import Admin
from localcloud.gateway.errors import BufferFull, Gone
from localcloud.gateway.events import mint
from localcloud.gateway.times import iso_time
from localcloud.ports import listen

if TYPE_CHECKING:
    from localcloud.gateway.background import Background
    from localcloud.gateway.connections import Connection, Connections
    from localcloud.gateway.faults import FaultPlan, Faults
    from localcloud.gateway.limits import Limits

#: Seconds by which a timer of asyncio may be late: epoll counts whole milliseconds.
_TIMER: Final = 0.0011
CONNECTION_ID: Final = re.compile(r"[A-Za-z0-9_-]{15}=")

# Status, and the name botocore makes an exception class of. It needs the header: the body alone gives a ClientError.
ERRORS: Final = {
    400: ("BadRequestException", "Bad Request"),
    403: ("ForbiddenException", "Forbidden"),
    410: ("GoneException", "The connection with the provided id no longer exists."),
    413: ("PayloadTooLargeException", "Message too long"),
    429: (
        "LimitExceededException",
        "Too many requests, or the client reads too slowly and its buffer is full.",
    ),
    500: ("InternalServerErrorException", "Internal server error"),
    502: ("InternalServerErrorException", "Internal server error"),
    503: ("ServiceUnavailableException", "Service Unavailable"),
    504: ("InternalServerErrorException", "Endpoint request timed out"),
}


class ManagementServer:
    """Serves the management API, and the admin routes beside it, over HTTP."""

    def __init__(
        self,
        connections: Connections,
        faults: Faults,
        *,
        stage: str,
        limits: Limits,
        background: Background,
        post_latency_ms: float,
    ) -> None:
        self._connections = connections
        self._faults = faults
        self._stage = stage
        self._limits = limits
        self._background = background
        self._post_latency_s = post_latency_ms / 1000
        self._posts: Counter[int] = Counter()
        app = web.Application(client_max_size=4 * limits.message_bytes)
        Admin(connections, faults, self._posts).add_routes(app)
        for path in ("/{stage}/@connections/{id}", "/@connections/{id}"):
            app.router.add_post(path, self._post)
            app.router.add_get(path, self._get)
            app.router.add_delete(path, self._delete)
        app.router.add_route("*", "/{tail:.*}", self._forbidden)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self.host = ""
        """Host and port, once started."""

    async def start(self, host: str, port: int) -> None:
        """Listen; 0 takes any free port. Raises `PortTaken`."""
        self.host = await listen(self._runner, host, port)

    async def stop(self) -> None:
        """Stop listening; calls under way are ended."""
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._post_latency_s
        if (refused := self._refuse(request)) is not None:
            return refused
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._count(413, None)
        if self._post_latency_s:
            await _until(due)
        try:
            connection = self._connections.find(request.match_info["id"])
        except Gone:
            return self._count(410, None)
        if len(data) > self._limits.message_bytes:
            return self._count(413, connection)
        return self._count(await self._deliver(connection, data), connection)

    async def _deliver(self, connection: Connection, data: bytes) -> int:
        """Write the message, unless a fault stands in the way; the status to answer with."""
        fault = self._faults.strike(connection.id)
        if fault is not None and fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault is not None and fault.cut:
            connection.cut()
            return 410
        try:
            if not _withheld(fault):
                await connection.send(data)
        except Gone:
            return 410
        except BufferFull:
            return 429
        return 200 if fault is None or fault.status is None else fault.status

    async def _get(self, request: web.Request) -> web.Response:
        if (refused := self._refuse(request)) is not None:
            return refused
        try:
            connection = self._connections.find(request.match_info["id"])
        except Gone:
            return error_response(410)
        return web.json_response(
            {
                "connectedAt": iso_time(connection.caller.connected_at),
                "identity": {
                    "sourceIp": connection.caller.source_ip,
                    "userAgent": connection.caller.user_agent or "",
                },
                "lastActiveAt": iso_time(connection.last_active_at),
            },
            headers={"x-amzn-RequestId": mint()},
        )

    async def _delete(self, request: web.Request) -> web.Response:
        if (refused := self._refuse(request)) is not None:
            return refused
        try:
            connection = self._connections.find(request.match_info["id"])
        except Gone:
            return error_response(410)
        self._connections.discard(connection)
        closing = connection.close(1000, "Connection Closed Normally")
        self._background.start(closing, name=f"closing of {connection.id}")
        return web.Response(status=204, headers={"x-amzn-RequestId": mint()})

    async def _forbidden(self, request: web.Request) -> web.Response:
        return error_response(403)

    def _refuse(self, request: web.Request) -> web.Response | None:
        """What the service refuses before it looks for the connection: 403 for a strange stage or a call without a
        signature (it is not checked further), 400 for an id that it cannot have given. [trace]
        """
        if request.match_info.get("stage", self._stage) != self._stage:
            return error_response(403)
        if "Authorization" not in request.headers and "X-Amz-Signature" not in request.query:
            return error_response(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
        if CONNECTION_ID.fullmatch(request.match_info["id"]) is None:
            return error_response(400, f"Invalid connectionId: {request.match_info['id']}")
        return None

    def _count(self, status: int, connection: Connection | None) -> web.Response:
        self._posts[status] += 1
        if connection is not None:
            connection.posts[status] += 1
        if status == 200:
            return web.Response(headers={"x-amzn-RequestId": mint()})
        return error_response(status)


async def _until(due: float) -> None:
    """Sleep until `due` by the loop's clock: to the microsecond, as a timer alone wakes up to a millisecond late."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(due - loop.time() - _TIMER)
    while loop.time() < due:  # noqa: ASYNC110 - it is time itself that is waited for
        await asyncio.sleep(0)


def _withheld(fault: FaultPlan | None) -> bool:
    """Whether the client does not get the message."""
    return fault is not None and (fault.drop or (fault.status is not None and not fault.deliver))


def error_response(status: int, message: str | None = None, error_type: str | None = None) -> web.Response:
    """An error as the service words it, with the header that makes botocore raise the modelled exception."""
    usual_type, usual_message = ERRORS[status]
    return web.json_response(
        {"message": message or usual_message},
        status=status,
        headers={"x-amzn-ErrorType": error_type or usual_type, "x-amzn-RequestId": mint()},
    )
