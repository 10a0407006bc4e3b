"""What a function's return value means as an HTTP response, in payload format 2.0: pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

#: What the service sets by itself.
_OWN_HEADERS = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding", "upgrade"})


@dataclass(frozen=True)
class Reply:
    """An HTTP response. Header names are in lower case; `set-cookie` alone may come more than once."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


def message_reply(status: int, message: str) -> Reply:
    """A response of the gateway itself."""
    return Reply(status, (("content-type", "application/json"),), json.dumps({"message": message}).encode())


def read_reply(payload: Any) -> Reply | None:
    """The response in a return value; None where there is none in it, which is the function's fault.

    Without `statusCode` the whole of it is the body, as JSON. [doc]
    """
    if not isinstance(payload, dict) or "statusCode" not in payload:
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        return Reply(200, (("content-type", "application/json"),), text.encode(errors="replace"))
    status, headers = _status(payload["statusCode"]), payload.get("headers") or {}
    cookies, body = payload.get("cookies") or [], payload.get("body")
    if status is None or not isinstance(headers, dict) or not isinstance(cookies, list):
        return None
    content = _content(body, bool(payload.get("isBase64Encoded")))
    if content is None or not all(isinstance(value, str | int | float) for value in headers.values()):
        return None
    pairs = {name.lower(): _text(value) for name, value in headers.items() if name.lower() not in _OWN_HEADERS}
    pairs.setdefault("content-type", "text/plain;charset=UTF-8")  # [?]
    return Reply(status, (*pairs.items(), *(("set-cookie", str(cookie)) for cookie in cookies)), content)


def _status(given: Any) -> int | None:
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) and 200 <= given <= 599 else None


def _content(body: Any, encoded: bool) -> bytes | None:
    if body is None:
        return b""
    if not isinstance(body, str):
        return None
    if not encoded:
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)
