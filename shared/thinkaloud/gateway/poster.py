"""Pushing a frame to a connection through the management API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from thinkaloud.errors import Gone, PayloadTooLarge, PostFailed, Throttled

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

#: Posts under way at once, each to another reader, so that a slow one does not hold up the others.
AT_ONCE = 4
#: One attempt, short time-outs: the outbox does the pacing; botocore's own retries would freeze the stream for seconds.
CLIENT_CONFIG = Config(
    connect_timeout=1.0,
    read_timeout=3.0,
    retries={"total_max_attempts": 1},
    tcp_keepalive=True,
    max_pool_connections=AT_ONCE,
)


class Poster(Protocol):
    """Sends one text to one connection."""

    async def post(self, connection: str, data: str) -> None:
        """Deliver `data`.

        Raises:
            Gone, Throttled, PayloadTooLarge, PostFailed: see `thinkaloud.errors`.
        """


class ManagementPoster:
    """`post_to_connection` of the real client, on threads of its own. The outbox keeps order within a connection."""

    def __init__(self, client: ApiGatewayManagementApiClient) -> None:
        self._client = client
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="post")

    async def post(self, connection: str, data: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._post, connection, data.encode())

    def _post(self, connection: str, data: bytes) -> None:
        try:
            self._client.post_to_connection(ConnectionId=connection, Data=data)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            # By status and not by class: a 410 without the x-amzn-ErrorType header is a plain ClientError.
            kind = {410: Gone, 429: Throttled, 413: PayloadTooLarge}.get(status, PostFailed)
            raise kind(f"post_to_connection answered {status}") from error
        except BotoCoreError as error:
            raise PostFailed(f"post_to_connection failed: {type(error).__name__}") from error


class RecordingPoster:
    """Keeps what was posted, in order, for tests; `fail` may raise instead of delivering."""

    def __init__(self, fail: Callable[[str], None] | None = None) -> None:
        self.sent: list[tuple[str, str]] = []
        self._fail = fail

    async def post(self, connection: str, data: str) -> None:
        if self._fail is not None:
            self._fail(data)
        self.sent.append((connection, data))
