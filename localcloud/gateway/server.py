"""The gateway itself: one WebSocket API of a template, served on 127.0.0.1."""

from __future__ import annotations

import asyncio
import errno
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from localcloud.gateway.background import Background
from localcloud.gateway.connections import (
    CLOSE_HANDSHAKE_S,
    NO_CLOSE_FRAME,
    ClientSocket,
    Connection,
    Connections,
    ending,
)
from localcloud.gateway.dispatch import Dispatcher
from localcloud.gateway.errors import PortTaken, Refused
from localcloud.gateway.events import Address, Caller, forwarded, mint
from localcloud.gateway.faults import Faults
from localcloud.gateway.handshake import admit, choose_subprotocol, http_response, read_request, refusal
from localcloud.gateway.integration import Integrations
from localcloud.gateway.limits import AWS_LIMITS, Limits
from localcloud.gateway.management import ManagementServer
from localcloud.gateway.pages import PageRequest, no_pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

    from localcloud.gateway.integration import Invoker
    from localcloud.gateway.pages import Pages
    from localcloud.template.model import WebSocketApi


class Gateway:
    """A WebSocket API with its management API. Several may run in one process, each on ports of its own.

    `invoker` runs the functions; `pages` answers every GET that does not open a socket; `clock` gives epoch seconds.
    `post_latency_ms` is how long a post takes at least, for benchmarks: the message is delivered at the end of it.
    """

    def __init__(
        self,
        api: WebSocketApi,
        invoker: Invoker,
        *,
        pages: Pages = no_pages,
        limits: Limits = AWS_LIMITS,
        clock: Callable[[], float] = time.time,
        region: str = "us-east-1",
        account: str = "123456789012",
        post_latency_ms: float = 0,
    ) -> None:
        """Raises `UnknownSelection` where the API's route selection expression is not of the supported form."""
        self.connections = Connections()
        self.faults = Faults(clock)
        self._api = api
        self._pages = pages
        self._limits = limits
        self._clock = clock
        self._region = region
        self._account = account
        self._background = Background()
        self._integrations = Integrations(invoker, self._background)
        self._dispatcher = Dispatcher(api, self._integrations, limits, clock)
        self._management = ManagementServer(
            self.connections,
            self.faults,
            stage=api.stage,
            limits=limits,
            background=self._background,
            post_latency_ms=post_latency_ms,
        )
        self._admitted: dict[ServerConnection, Connection] = {}
        self._server: Server | None = None
        self._host, self._port = "", 0

    async def start(self, host: str = "127.0.0.1", port: int = 8080, management_port: int = 0) -> Self:
        """Listen for sockets and pages on `port`, for management calls on `management_port`; 0 takes any free one.

        Raises `PortTaken`.
        """
        await self._management.start(host, management_port)
        self._address = Address(
            api_id=self._api.logical_id,
            stage=self._api.stage,
            # As with the real domain, code that builds its callback URL from the event finds the management API here.
            domain=self._management.host,
            region=self._region,
            account=self._account,
        )
        try:
            self._server = await serve(
                self._converse,
                host,
                port,
                process_request=self._answer_request,
                create_connection=ClientSocket,
                compression=None,
                server_header=None,
                # The authorizer and $connect run before the upgrade, each with the full time of an integration.
                open_timeout=2 * self._limits.integration() + 10,
                ping_interval=None,  # the service sends no pings; the idle time-out finds dead clients
                close_timeout=CLOSE_HANDSHAKE_S,
                max_size=(self._limits.message_bytes, self._limits.frame_bytes),
                # Writing never waits: Connection.send refuses what the buffer has no room for.
                write_limit=2 * self._limits.send_buffer_bytes,
            )
        except OSError as error:
            await self._management.stop()
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host, port) from error
            raise
        self._host, self._port = host, self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Close every socket with 1001 and end all that runs. `$disconnect` is not told: its functions stop as well."""
        if self._server is not None:
            self._server.close(code=1001, reason="Going away")
            # First what runs, or a handshake would wait for its $connect; then what closing the sockets left behind.
            await self._background.stop()
            await self._server.wait_closed()
        await self._background.stop()
        await self._management.stop()

    async def __aenter__(self) -> Self:
        """Start on any free ports, unless started already."""
        return self if self._server is not None else await self.start(port=0)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def ws_url(self) -> str:
        """Where clients open their sockets."""
        return f"ws://{self._host}:{self._port}/{self._api.stage}"

    @property
    def page_url(self) -> str:
        """Where pages are served."""
        return f"http://{self._host}:{self._port}/"

    @property
    def management_url(self) -> str:
        """The endpoint URL for an `apigatewaymanagementapi` client."""
        return f"{self.admin_url}/{self._api.stage}"

    @property
    def admin_url(self) -> str:
        """The URL under which `/admin/connections` and `/admin/faults` stand."""
        return f"http://{self._management.host}"

    async def _answer_request(self, web_socket: ServerConnection, request: Request) -> Response:
        """Any GET on the port: a handshake on the stage's path, a page elsewhere."""
        target = urlsplit(request.path)
        path = unquote(target.path)
        if path.rstrip("/") == f"/{self._api.stage}":
            return await self._open(web_socket, request, target.query)
        if "websocket" in (value.lower() for value in request.headers.get_all("Upgrade")):
            refused = Refused(403, "ForbiddenException", "Forbidden")
            return refusal(refused, connection_id=mint(), request_id=mint())
        if request.method != "GET":
            return http_response(405, b"", {"Allow": "GET"})
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        query = dict(read_request(request, target.query).query)
        page = await self._pages(PageRequest(path, query, headers))
        return http_response(page.status, page.body, {"Content-Type": page.media, **page.headers})

    async def _open(self, web_socket: ServerConnection, request: Request, query: str) -> Response:
        """The answer to a handshake: the upgrade, or the refusal."""
        # Built before anything runs, so that a malformed handshake costs no invocation.
        response = web_socket.protocol.accept(request)
        if response.status_code != 101:
            return response
        now, source_ip = self._clock(), web_socket.remote_address[0]
        handshake = forwarded(
            read_request(request, query), source_ip=source_ip, port=web_socket.local_address[1], now=now
        )
        caller = Caller(mint(), now, source_ip, handshake.header("User-Agent"))
        try:
            admission = await admit(
                self._api,
                self._address,
                caller,
                handshake,
                integrations=self._integrations,
                limits=self._limits,
                clock=self._clock,
            )
            choose_subprotocol(response, admission.subprotocol)
        except Refused as refused:
            return refusal(refused, connection_id=caller.connection_id, request_id=mint())
        connection = Connection(web_socket, caller, admission.authorizer, limits=self._limits, clock=self._clock)
        if web_socket.state is State.CONNECTING:
            # Nothing awaits from here until the upgrade is written: a post finds the socket open, or not there yet.
            self.connections.add(connection)
            self._admitted[web_socket] = connection
        else:
            self._ended(connection, 1006, NO_CLOSE_FRAME)
        return response

    async def _converse(self, web_socket: ServerConnection) -> None:
        """An open socket, from its first message to its end."""
        connection = self._admitted.pop(web_socket)
        expiry = self._background.start(self._expire(connection), name=f"expiry of {connection.id}")
        try:
            while True:
                message = await web_socket.recv()
                if isinstance(message, bytes):
                    await connection.close(1003, "binary frames are not supported")
                    continue
                connection.touch()
                connection.messages += 1
                work = self._dispatcher.message(self._address, connection, message)
                self._background.start(work, name=f"message of {connection.id}")
        except ConnectionClosed as closed:
            self._ended(connection, *ending(closed))
        finally:
            expiry.cancel()
            self.connections.discard(connection)
            self.faults.clear(connection.id)

    async def _expire(self, connection: Connection) -> None:
        """Close the connection once it has been idle, or has lived, for as long as the service allows."""
        # Not a poll: each sleep is as long as the connection can last without a further message.
        while (left := self._time_left(connection)) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        self.connections.discard(connection)
        await connection.close(1001, "Going away")

    def _time_left(self, connection: Connection) -> float:
        idle_end = connection.last_active_at + self._limits.idle()
        life_end = connection.caller.connected_at + self._limits.life()
        return min(idle_end, life_end) - self._clock()

    def _ended(self, connection: Connection, code: int, reason: str) -> None:
        """A connection is over. A stopping gateway tells nobody."""
        if self._server is not None and self._server.is_serving():
            work = self._dispatcher.end(self._address, connection, code, reason)
            self._background.start(work, name=f"$disconnect of {connection.id}")
