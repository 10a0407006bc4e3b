"""The events functions get, field by field as AWS sends them: pure, time and ids passed in.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
and the traces in aws-powertools/powertools-lambda-python, tests/events/apiGateway*WebSocket*.json.
"""

from __future__ import annotations

import base64
import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localcloud.gateway.routing import CONNECT, DISCONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable

Event = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]


def mint() -> str:
    """A connection, request or message id of AWS's form: 11 random bytes in URL-safe base64, `=` at the end."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


@dataclass(frozen=True)
class Address:
    """What events and ARNs say about the API. `domain` is where its management API answers, host and port."""

    api_id: str
    stage: str
    domain: str
    region: str
    account: str

    def method_arn(self) -> str:
        """The ARN an authorizer's policy must allow. It ends with the route: WebSocket has no HTTP method. [doc]"""
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.stage}/{CONNECT}"


@dataclass(frozen=True)
class Caller:
    """A client as its events describe it, from the handshake to the end. `connected_at` in epoch seconds."""

    connection_id: str
    connected_at: float
    source_ip: str
    user_agent: str | None


@dataclass(frozen=True)
class Handshake:
    """What a client sent to open its socket: header and query pairs in the order they came."""

    headers: Pairs
    query: Pairs

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever the case of its name; None without one."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[-1] if values else None


def forwarded(handshake: Handshake, *, source_ip: str, port: int, now: float) -> Handshake:
    """The handshake with the headers the service adds before anybody sees it. [trace]"""
    added = (
        ("X-Amzn-Trace-Id", f"Root=1-{int(now):08x}-{secrets.token_hex(12)}"),
        ("X-Forwarded-For", source_ip),
        ("X-Forwarded-Port", str(port)),
        ("X-Forwarded-Proto", "http"),
    )
    replaced = {name.lower() for name, _ in added}
    kept = tuple(pair for pair in handshake.headers if pair[0].lower() not in replaced)
    return Handshake(headers=kept + added, query=handshake.query)


def authorizer_event(address: Address, caller: Caller, handshake: Handshake, *, now: float) -> Event:
    """What a REQUEST authorizer gets: unlike CONNECT, the hop-by-hop headers, and empty maps for none. [trace]"""
    event: Event = {"type": "REQUEST", "methodArn": address.method_arn()}
    event |= _headers([*handshake.headers, ("content-length", "0")])
    event |= {"queryStringParameters": {}, "multiValueQueryStringParameters": {}}
    event |= _query(handshake.query)
    return event | {
        "stageVariables": {},
        "requestContext": _context(address, caller, CONNECT, "CONNECT", request_id=mint(), now=now),
    }


def connect_event(
    address: Address, caller: Caller, handshake: Handshake, *, authorizer: dict[str, str] | None, now: float
) -> Event:
    """A CONNECT event: the client's headers, and the query maps where it sent a query. [doc, trace]"""
    hop_by_hop = {"connection", "upgrade", "content-length"}
    event = _headers(pair for pair in handshake.headers if pair[0].lower() not in hop_by_hop)
    event |= _query(handshake.query)
    context = _context(address, caller, CONNECT, "CONNECT", authorizer=authorizer, request_id=mint(), now=now)
    return event | {"requestContext": context, "isBase64Encoded": False}


def message_event(
    address: Address,
    caller: Caller,
    *,
    route_key: str,
    body: str,
    request_id: str,
    authorizer: dict[str, str] | None,
    now: float,
) -> Event:
    """A MESSAGE event: `messageId` and `body`, and no headers. [doc]"""
    context = _context(
        address,
        caller,
        route_key,
        "MESSAGE",
        authorizer=authorizer,
        request_id=request_id,
        now=now,
        messageId=mint(),
    )
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def disconnect_event(
    address: Address, caller: Caller, *, code: int, reason: str, authorizer: dict[str, str] | None, now: float
) -> Event:
    """A DISCONNECT event: why the socket closed, and four headers without meaning. [doc, trace]"""
    event = _headers([("Host", address.domain), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")])
    context = _context(
        address,
        caller,
        DISCONNECT,
        "DISCONNECT",
        authorizer=authorizer,
        request_id=mint(),
        now=now,
        disconnectStatusCode=code,
        disconnectReason=reason,
    )
    return event | {"requestContext": context, "isBase64Encoded": False}


def _context(
    address: Address,
    caller: Caller,
    route_key: str,
    event_type: str,
    *,
    request_id: str,
    now: float,
    authorizer: dict[str, str] | None = None,
    **own: Any,
) -> dict[str, Any]:
    """The request context: what every event has, and the `own` fields of its kind."""
    identity = {"sourceIp": caller.source_ip}
    if caller.user_agent is not None:
        identity["userAgent"] = caller.user_agent
    context = {
        "routeKey": route_key,
        **own,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "messageDirection": "IN",
        "stage": address.stage,
        "connectedAt": int(caller.connected_at * 1000),
        "requestTimeEpoch": int(now * 1000),
        "identity": identity,
        "requestId": request_id,
        "domainName": address.domain,
        "connectionId": caller.connection_id,
        "apiId": address.api_id,
    }
    if authorizer is not None:
        context["authorizer"] = authorizer
    return context


def _headers(pairs: Iterable[tuple[str, str]]) -> Event:
    """Both header maps; the single one keeps the last of several values."""
    single, multi = _maps(pairs)
    return {"headers": single, "multiValueHeaders": multi}


def _query(pairs: Pairs) -> Event:
    """Both query maps, or nothing where there is no query."""
    if not pairs:
        return {}
    single, multi = _maps(pairs)
    return {"queryStringParameters": single, "multiValueQueryStringParameters": multi}


def _maps(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    multi: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        multi[name].append(value)
    return {name: values[-1] for name, values in multi.items()}, dict(multi)
