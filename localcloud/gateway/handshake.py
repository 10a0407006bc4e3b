"""Opening a socket: the authorizer, then `$connect`, and only then the upgrade.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

from __future__ import annotations

import email.utils
import http
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeaderValue
from websockets.http11 import Response

from localcloud.gateway.authorizer import authorize
from localcloud.gateway.errors import Refused
from localcloud.gateway.events import Handshake, authorizer_event, connect_event
from localcloud.gateway.integration import Answered, TimedOut, read_reply
from localcloud.gateway.routing import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.http11 import Request

    from localcloud.gateway.events import Address, Caller
    from localcloud.gateway.integration import Integrations
    from localcloud.gateway.limits import Limits
    from localcloud.template.model import WebSocketApi


@dataclass(frozen=True)
class Admission:
    """A handshake that succeeded: the authorizer's context, if there is one, and the subprotocol `$connect` chose."""

    authorizer: dict[str, str] | None
    subprotocol: str | None


async def admit(
    api: WebSocketApi,
    address: Address,
    caller: Caller,
    handshake: Handshake,
    *,
    integrations: Integrations,
    limits: Limits,
    clock: Callable[[], float],
) -> Admission:
    """Run what stands before the upgrade. Raises `Refused` with the handshake's status."""
    authorizer = None
    if api.authorizer is not None:
        event = authorizer_event(address, caller, handshake, now=clock())
        authorizer = await authorize(api.authorizer, event, integrations, limits)
    route = api.routes.get(CONNECT)
    if route is None:  # the integration of $connect is optional [doc]
        return Admission(authorizer, None)
    event = connect_event(address, caller, handshake, authorizer=authorizer, now=clock())
    outcome = await integrations.call(route.function, event, limits.integration(route.timeout_s))
    if isinstance(outcome, TimedOut):
        raise Refused(504, "IntegrationTimeoutException", "Endpoint request timed out")  # [?]
    reply = read_reply(outcome.payload) if isinstance(outcome, Answered) else None
    if reply is None:
        raise Refused(502, "InternalServerErrorException", "Internal server error")
    if reply.status >= 300:
        raise Refused(reply.status, f"{_phrase(reply.status).replace(' ', '')}Exception", _phrase(reply.status))
    return Admission(authorizer, reply.headers.get("sec-websocket-protocol"))


def choose_subprotocol(response: Response, subprotocol: str | None) -> None:
    """Put exactly what `$connect` chose into the upgrade: browsers drop a socket whose offer is not taken up. [doc]"""
    if subprotocol is None:
        return
    try:
        response.headers["Sec-WebSocket-Protocol"] = subprotocol
    except InvalidHeaderValue:
        raise Refused(502, "InternalServerErrorException", "Internal server error") from None


def read_request(request: Request, query: str) -> Handshake:
    """The headers and the query of an opening request."""
    return Handshake(
        headers=tuple(request.headers.raw_items()),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
    )


def refusal(refused: Refused, *, connection_id: str, request_id: str) -> Response:
    """The HTTP response of a refused handshake, in the form of the gateway's error frames."""
    body = {"message": refused.message, "connectionId": connection_id, "requestId": request_id}
    return http_response(
        refused.status,
        json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "x-amzn-ErrorType": refused.error_type,
            "x-amzn-RequestId": request_id,
        },
    )


def http_response(status: int, body: bytes, headers: dict[str, str]) -> Response:
    """A response that ends its connection: the WebSocket server serves one request on each."""
    fields = {
        "Date": email.utils.formatdate(usegmt=True),
        "Connection": "close",
        "Content-Length": str(len(body)),
    }
    return Response(status, _phrase(status), Headers({**fields, **headers}), body)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
