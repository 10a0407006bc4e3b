"""What the gateway's tests play on: functions in this process, an API over them, clients of every kind."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from websockets.asyncio.client import connect

from localcloud.gateway.server import Gateway
from localcloud.template.model import Authorizer, Route, WebSocketApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from websockets.asyncio.client import ClientConnection

PATIENCE_S = 10
"""How long a test waits for what must come, before it fails."""


@dataclass(frozen=True)
class Result:
    payload: Any = None
    error: dict[str, Any] | None = None


def ok(event: dict[str, Any]) -> Any:
    return {"statusCode": 200}


def raises(message: str) -> Any:
    def handler(event: dict[str, Any]) -> Any:
        raise RuntimeError(message)

    return handler


def returns(payload: Any) -> Any:
    return lambda event: payload


def allows(context: dict[str, Any] | None = None, principal: str = "lin") -> Any:
    """An authorizer's handler that allows the call it is asked about."""

    def handler(event: dict[str, Any]) -> Any:
        return {
            "principalId": principal,
            "policyDocument": policy("Allow", event["methodArn"]),
            **({} if context is None else {"context": context}),
        }

    return handler


def policy(effect: str, resource: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


class Functions:
    """An invoker whose functions are plain callables, sync or not. It remembers every event."""

    def __init__(self, **handlers: Any) -> None:
        self.handlers: dict[str, Any] = {"connect": ok, "default": ok, "disconnect": ok, "chat": ok} | handlers
        self.events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._came = asyncio.Condition()

    async def invoke(self, function: str, event: dict[str, Any]) -> Result:
        event = json.loads(json.dumps(event))
        async with self._came:
            self.events[function].append(event)
            self._came.notify_all()
        try:
            answer = self.handlers[function](event)
            return Result(await answer if isawaitable(answer) else answer)
        except RuntimeError as error:
            return Result(error={"errorType": type(error).__name__, "errorMessage": str(error)})

    async def event(self, function: str, number: int = 1) -> dict[str, Any]:
        """The function's event of this number, once it has come."""
        async with asyncio.timeout(PATIENCE_S), self._came:
            await self._came.wait_for(lambda: len(self.events[function]) >= number)
        return self.events[function][number - 1]


def chat_api(
    *,
    keys: Sequence[str] = ("$connect", "$default", "$disconnect"),
    two_way: Sequence[str] = (),
    selection: str = "$request.body.action",
    authorizer: Authorizer | None = None,
    timeout_s: float = 29.0,
) -> WebSocketApi:
    """An API whose routes name functions by their own key, without the dollar."""
    routes = {key: Route(key, key.lstrip("$"), key in two_way, timeout_s) for key in keys}
    return WebSocketApi("ChatApi", "dev", selection, routes, authorizer)


def with_authorizer(*identity_sources: str) -> WebSocketApi:
    return chat_api(authorizer=Authorizer("authorizer", identity_sources))


@dataclass
class Play:
    """A running gateway, its functions, and clients for it."""

    gateway: Gateway
    functions: Functions
    management: ApiGatewayManagementApiClient

    def client(self, **options: Any) -> connect:
        """A WebSocket client; compression is offered, as browsers do."""
        return connect(self.gateway.ws_url, proxy=None, **options)

    async def post(self, connection_id: str, data: bytes = b"{}") -> None:
        """Post as a function would, with the real client."""
        await asyncio.to_thread(self.management.post_to_connection, ConnectionId=connection_id, Data=data)


@asynccontextmanager
async def playing(
    api: WebSocketApi | None = None, *, functions: Functions | None = None, **options: Any
) -> AsyncIterator[Play]:
    """A gateway for `api` on free ports."""
    functions = functions or Functions()
    async with Gateway(api or chat_api(), functions, **options) as gateway:
        management = boto_client(gateway.management_url)
        try:
            yield Play(gateway, functions, management)
        finally:
            management.close()


def boto_client(endpoint_url: str) -> ApiGatewayManagementApiClient:
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )


async def connection_id(play: Play, number: int = 1) -> str:
    """The id of the client that connected as number so and so."""
    event = await play.functions.event("connect", number)
    return str(event["requestContext"]["connectionId"])


async def received(client: ClientConnection) -> str:
    """The next message the client gets."""
    async with asyncio.timeout(PATIENCE_S):
        message = await client.recv()
    assert isinstance(message, str)
    return message


async def closed(client: ClientConnection) -> tuple[int | None, str | None]:
    """Code and reason the client sees, once the socket is closed."""
    async with asyncio.timeout(PATIENCE_S):
        await client.wait_closed()
    return client.close_code, client.close_reason


async def disconnect(play: Play) -> tuple[int, str]:
    """Code and reason as `$disconnect` is told them."""
    context = (await play.functions.event("disconnect"))["requestContext"]
    return context["disconnectStatusCode"], context["disconnectReason"]


@asynccontextmanager
async def raw_client(play: Play, receive_buffer: int | None = None) -> AsyncIterator[socket.socket]:
    """A socket after its upgrade, to write frames on that no library would send, or to read nothing at all."""
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setblocking(False)
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        host, port = play.gateway.ws_url.split("/")[2].split(":")
        await loop.sock_connect(raw, (host, int(port)))
        request = (
            "GET /dev HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await loop.sock_sendall(raw, request.encode())
        response = b""
        while not response.endswith(b"\r\n\r\n"):
            response += await loop.sock_recv(raw, 1)
        assert response.startswith(b"HTTP/1.1 101 ")
        yield raw
