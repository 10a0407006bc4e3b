"""The authoriser's answers, for both APIs, and `$connect`'s response to a handshake."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from thinkaloud.gateway.events import Handshake
from thinkaloud.identity.principal import Principal
from thinkaloud.protocol import SUBPROTOCOL


def allow(principal: Principal, method_arn: str) -> dict[str, Any]:
    """The policy that lets `principal` connect; its context comes back with every later event of the connection.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
    """
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}
    return {
        "principalId": principal.user,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": principal.to_context(),
    }


def admit(principal: Principal) -> dict[str, Any]:
    """The authoriser's simple answer for the HTTP API: every route is open to `principal`, whose scopes say the rest.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
    """
    return {"isAuthorized": True, "context": principal.to_context()}


def refuse() -> dict[str, Any]:
    """The authoriser's simple answer for a token that is not good: a 403."""
    return {"isAuthorized": False}


def answer_handshake(handshake: Handshake, allowed_origins: Collection[str]) -> dict[str, Any]:
    """`$connect`'s response: 200 with the subprotocol chosen, 403 for a foreign page, 400 for a foreign subprotocol.

    Browsers always send `Origin`; without it the client is a native one, and its token is all there is to check.
    A browser drops the socket unless the subprotocol is echoed, and the token must never be.
    """
    if handshake.origin is not None and handshake.origin not in allowed_origins:
        return {"statusCode": 403, "body": f"origin {handshake.origin} is not allowed"}
    if not handshake.subprotocols:
        return {"statusCode": 200}
    if SUBPROTOCOL not in handshake.subprotocols:
        return {"statusCode": 400, "body": f"offer the subprotocol {SUBPROTOCOL}"}
    return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": SUBPROTOCOL}}


def too_many(most: int) -> dict[str, Any]:
    """`$connect`'s response to a user whose connections are all open."""
    return {"statusCode": 429, "body": f"there are {most} open connections already; close one"}
