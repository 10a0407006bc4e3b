"""The open connections: writing to a client's socket, ending it, and what the management API tells of it."""

from __future__ import annotations

import socket
import struct
from collections import Counter
from typing import TYPE_CHECKING, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from localcloud.gateway.errors import BufferFull, Gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.gateway.events import Caller
    from localcloud.gateway.limits import Limits

# The reason of a close frame without a status [trace], and of an end without a close frame [?].
NO_STATUS: Final = "Client-side close frame status not set"
NO_CLOSE_FRAME: Final = "Connection Closed Abnormally"


CLOSE_HANDSHAKE_S: Final = 2.0
"""How long a closing socket may wait for the client's part before its TCP connection is dropped."""


class ClientSocket(ServerConnection):
    """A socket that a client cannot keep half closed.

    The library waits without a limit for the client to end the TCP connection where it was the client that closed,
    or an oversized frame; `$disconnect` would wait as long.
    """

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.protocol.close_expected():
            self.loop.call_later(CLOSE_HANDSHAKE_S, self.transport.abort)


class Connection:
    """One client's socket. All times in epoch seconds by the gateway's clock."""

    def __init__(
        self,
        web_socket: ServerConnection,
        caller: Caller,
        authorizer: dict[str, str] | None,
        *,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self.caller = caller
        self.authorizer = authorizer
        self.last_active_at = caller.connected_at
        self.messages = 0
        """Messages received from the client."""
        self.posts: Counter[int] = Counter()
        """Posts to the client, by the status they were answered with."""
        self._web_socket = web_socket
        self._limits = limits
        self._clock = clock

    @property
    def id(self) -> str:
        """The connection's id."""
        return self.caller.connection_id

    @property
    def principal(self) -> str | None:
        """Whom the authorizer saw; None without an authorizer."""
        return self.authorizer["principalId"] if self.authorizer else None

    def touch(self) -> None:
        """A message went by, either way: the idle time starts again."""
        self.last_active_at = self._clock()

    async def send(self, data: bytes) -> None:
        """Write one text message, in frames of at most 32 KB, and return once the socket has taken it.

        For a client that reads slowly that may be the socket's buffer in this process, which is bounded.
        Bytes that are not UTF-8 are replaced: a text frame must not carry them. [?]

        Raises `Gone` where the socket is not open, `BufferFull` where the buffer leaves no room.
        """
        if self._web_socket.state is not State.OPEN:
            raise Gone(self.id)
        waiting = self._web_socket.transport.get_write_buffer_size()
        if waiting and waiting + len(data) > self._limits.send_buffer_bytes:
            raise BufferFull(self.id)
        text = data.decode(errors="replace").encode()
        size = self._limits.frame_bytes
        frames = [text[start : start + size] for start in range(0, len(text), size)]
        try:
            await self._web_socket.send(frames if len(frames) > 1 else text, text=True)
        except ConnectionClosed:
            raise Gone(self.id) from None
        self.touch()

    async def close(self, code: int, reason: str) -> None:
        """Close with a close frame, and wait for the client's."""
        await self._web_socket.close(code, reason)

    def cut(self) -> None:
        """End the TCP connection with a reset: no close frame, nothing flushed, as when a line breaks."""
        transport = self._web_socket.transport
        if transport.is_closing():
            return
        reset_on_close = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_on_close)
        transport.abort()


class Connections:
    """The connections that are open: what is not in here is gone."""

    def __init__(self) -> None:
        self._open: dict[str, Connection] = {}

    def add(self, connection: Connection) -> None:
        """From now on the connection can be posted to."""
        self._open[connection.id] = connection

    def discard(self, connection: Connection) -> None:
        """From now on it is gone."""
        self._open.pop(connection.id, None)

    def find(self, connection_id: str) -> Connection:
        """The open connection of this id. Raises `Gone`."""
        try:
            return self._open[connection_id]
        except KeyError:
            raise Gone(connection_id) from None

    def __iter__(self) -> Iterator[Connection]:
        """The open connections, oldest first; a copy, so that they may end meanwhile."""
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)


def ending(closed: ConnectionClosed) -> tuple[int, str]:
    """Code and reason for the `$disconnect` event, from how the socket closed.

    The side that closed first gives both; without any close frame it is 1006.
    """
    first = closed.rcvd if closed.rcvd_then_sent or closed.sent is None else closed.sent
    if first is None:
        return 1006, NO_CLOSE_FRAME
    return int(first.code), NO_STATUS if first.code == 1005 else first.reason
