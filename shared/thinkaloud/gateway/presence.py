"""Whether connections are really open: the gateway knows, whatever became of their `$disconnect`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from thinkaloud.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

#: How many connections are looked at at a time.
AT_ONCE = 10
#: Somebody waits in a handshake, and a look that fails counts as an open connection.
CLIENT_CONFIG = Config(
    connect_timeout=1.0, read_timeout=2.0, retries={"total_max_attempts": 1}, max_pool_connections=AT_ONCE
)


class Presence(Protocol):
    """Knows which connections are open."""

    def gone(self, connections: Sequence[str]) -> list[str]:
        """Those that are not open any more; one that cannot be looked at counts as open."""


class ManagementPresence:
    """Asks the management API. The client is made when it is first needed, which for most handshakes is never."""

    def __init__(self, client: Callable[[], ApiGatewayManagementApiClient]) -> None:
        self._client = client

    def gone(self, connections: Sequence[str]) -> list[str]:
        if not connections:
            return []
        client = self._client()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="presence") as threads:
            answers = threads.map(partial(_is_gone, client), connections)
            return [connection for connection, gone in zip(connections, answers, strict=True) if gone]


class MemoryPresence:
    """Knows which connections are open because it was told; for tests. `asked` has what was looked at."""

    def __init__(self, opened: Collection[str] = ()) -> None:
        self.opened = set(opened)
        self.asked: list[str] = []

    def gone(self, connections: Sequence[str]) -> list[str]:
        self.asked += connections
        return [connection for connection in connections if connection not in self.opened]


def _is_gone(client: ApiGatewayManagementApiClient, connection: str) -> bool:
    try:
        client.get_connection(ConnectionId=connection)
    except ClientError as error:
        # By status and not by class: a 410 without the x-amzn-ErrorType header is a plain ClientError.
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 410:
            return True
        logger().warning("a connection could not be looked at", extra={"connection": connection, "status": status})
    except BotoCoreError as error:
        logger().warning(
            "a connection could not be looked at", extra={"connection": connection, "detail": type(error).__name__}
        )
    return False
