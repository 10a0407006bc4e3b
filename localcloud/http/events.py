"""The events that functions get, in payload format 2.0: pure, time and ids passed in.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from localcloud.http.routing import Matched
from localcloud.template.identifiers import ACCOUNT
from localcloud.template.translate import REGION

Event = dict[str, Any]

#: Media types of bodies that are text; all others come as base64. [trace]
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class Request:
    """A request as it came in: `target` is path and query as they were sent, `at` epoch seconds."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    protocol: str
    id: str
    at: float

    @property
    def path(self) -> str:
        """The path decoded, as events and routes have it: an encoded slash is a slash here. [trace]"""
        return unquote(self.target.partition("?")[0]) or "/"

    @property
    def query(self) -> str:
        """The query as it was sent."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """The values of a header, with commas between them; None without one."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(values) if values else None


def new_request_id() -> str:
    """An id as HTTP APIs give them."""
    return f"{secrets.token_urlsafe(10)}="


def proxy_event(request: Request, matched: Matched, api: str, stage: str, authorizer: Any) -> Event:
    """What the function of a route gets. `authorizer` is what `requestContext.authorizer` says; None without one."""
    event = {"version": "2.0", **_common(request, matched, api, stage)}
    if authorizer is not None:
        event["requestContext"]["authorizer"] = authorizer
    event["isBase64Encoded"] = False
    if request.body:
        text = _text(request)
        event["isBase64Encoded"] = text is None
        event["body"] = base64.b64encode(request.body).decode() if text is None else text
    return event


def authorizer_event(request: Request, matched: Matched, api: str, stage: str, identity: Iterable[str]) -> Event:
    """What a Lambda authorizer gets: no body, and the values of its identity sources."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": route_arn(request, api, stage),
        "identitySource": list(identity),
        **_common(request, matched, api, stage),
    }


def route_arn(request: Request, api: str, stage: str) -> str:
    """What a policy must allow."""
    path = request.path.removeprefix(f"/{stage}")
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/{stage}/{request.method}{path}"


def _common(request: Request, matched: Matched, api: str, stage: str) -> Event:
    """What both kinds have. Maps that would be empty are left out. [doc]"""
    headers = _joined((key.lower(), value) for key, value in request.headers)
    cookies = headers.pop("cookie", None)
    domain = headers.get("host", "")
    event: Event = {"routeKey": matched.route.key, "rawPath": request.path, "rawQueryString": request.query}
    if cookies is not None:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    event["headers"] = headers
    if request.query:
        event["queryStringParameters"] = _joined(parse_qsl(request.query, keep_blank_values=True))
    if matched.parameters:
        event["pathParameters"] = matched.parameters
    event["requestContext"] = {
        "accountId": ACCOUNT,
        "apiId": api,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.id,
        "routeKey": matched.route.key,
        "stage": stage,
        "time": datetime.fromtimestamp(request.at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(request.at * 1000),
    }
    return event


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a map; the values of one name with commas between them. [doc]"""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _text(request: Request) -> str | None:
    """The body where it is text, by its media type; None for all else."""
    media = (request.header("content-type") or "text/plain").lower()
    if not media.startswith(_TEXT) or request.header("content-encoding"):
        return None
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        return None
