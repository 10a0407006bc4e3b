"""Raw API Gateway events -> what they mean.

Only what is used is read: emulators leave fields out. Field names and when they occur:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thinkaloud.errors import IdentityError
from thinkaloud.identity.principal import Principal

_BEARER_SUBPROTOCOL = "bearer."


@dataclass(frozen=True)
class Handshake:
    """What a client offers when it opens a socket, or sends with a request to the HTTP API.

    `method_arn` is only there for the authoriser of sockets.
    """

    origin: str | None
    subprotocols: tuple[str, ...]
    token: str | None
    method_arn: str = ""


@dataclass(frozen=True)
class Endpoint:
    """The API and the stage that an event came through: where its connections can be managed."""

    api: str
    stage: str


@dataclass(frozen=True)
class Connect:
    """`$connect`, after the authoriser."""

    connection: str
    principal: Principal
    handshake: Handshake
    endpoint: Endpoint


@dataclass(frozen=True)
class Message:
    """`$default`: one message of an open connection, which was opened at `connected_at`, in ms since 1970."""

    connection: str
    principal: Principal
    body: str
    connected_at: int | None = None


@dataclass(frozen=True)
class Disconnect:
    """`$disconnect`, which is best effort and may never come."""

    connection: str


def read_handshake(event: Mapping[str, Any]) -> Handshake:
    """The handshake of an authoriser or `$connect` event.

    The token stands in `Sec-WebSocket-Protocol` as `bearer.<jwt>` (a browser can set nothing else) or in
    `Authorization: Bearer <jwt>` (native clients); the subprotocol wins where both are there. Of a request to the HTTP
    API only `Authorization` counts: by it the gateway keeps the answer, and gives that to whoever sends the same.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    offered = tuple(item.strip() for item in headers.get("sec-websocket-protocol", "").split(",") if item.strip())
    return Handshake(
        origin=headers.get("origin"),
        subprotocols=tuple(item for item in offered if not item.startswith(_BEARER_SUBPROTOCOL)),
        token=_token(() if is_request(event) else offered, headers.get("authorization", "")),
        method_arn=event.get("methodArn", ""),
    )


def is_request(event: Mapping[str, Any]) -> bool:
    """Whether an authoriser's event is of the HTTP API, whose form has a version, and not of a handshake."""
    return event.get("version") == "2.0"


def read_connect(event: Mapping[str, Any]) -> Connect:
    """A `$connect` event.

    Raises:
        IdentityError: no authoriser stands before the route.
    """
    context = event["requestContext"]
    endpoint = Endpoint(context.get("apiId", ""), context.get("stage", ""))
    return Connect(_connection(event), _principal(event), read_handshake(event), endpoint)


def read_message(event: Mapping[str, Any]) -> Message:
    """A `$default` event.

    Raises:
        IdentityError: no authoriser stands before the API.
    """
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf-8", "replace")
    return Message(_connection(event), _principal(event), body, event["requestContext"].get("connectedAt"))


def read_disconnect(event: Mapping[str, Any]) -> Disconnect:
    """A `$disconnect` event."""
    return Disconnect(_connection(event))


def _token(offered: tuple[str, ...], authorization: str) -> str | None:
    for item in offered:
        if item.startswith(_BEARER_SUBPROTOCOL):
            return item.removeprefix(_BEARER_SUBPROTOCOL)
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _connection(event: Mapping[str, Any]) -> str:
    return str(event["requestContext"]["connectionId"])


def _principal(event: Mapping[str, Any]) -> Principal:
    context = event["requestContext"].get("authorizer")
    if not context:
        raise IdentityError("the event has no authoriser context; put the authoriser on $connect")
    return Principal.from_context(context)
