"""S3 in front of moto: what S3 refuses and moto does not, and which pages may call.

Presigned URLs are good for what they were signed for, nobody comes without a signature, and a bucket's CORS rules
count, as S3 counts them. A refused request's body is read and dropped, so that the client gets to hear why.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import unquote
from xml.sax.saxutils import escape

from moto.s3.models import s3_backends

from localcloud.aws.presigned import Refused, check_presigned, is_presigned
from localcloud.template.identifiers import ACCOUNT

Environ: TypeAlias = dict[str, Any]
Headers: TypeAlias = list[tuple[str, str]]
Application: TypeAlias = Callable[[Environ, Any], Iterable[bytes]]

LARGEST_PUT_BYTES = 5 * 1024**3
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""

_PIECE = 1 << 16
_XML = ("Content-Type", "application/xml")
_VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")


class Buckets:
    """WSGI middleware for the paths that begin with a bucket's name; all else goes by untouched.

    `secrets` are the secret access keys by access key id, `now` gives the time in UTC.
    """

    def __init__(
        self,
        application: Application,
        secrets: Mapping[str, str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._application = application
        self._secrets = secrets
        self._now = now

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        target = str(environ.get("RAW_URI") or environ.get("PATH_INFO", ""))
        name = unquote(target.partition("?")[0].split("/")[1] if target.startswith("/") else "")
        bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name)
        if bucket is None or _for_another_service(environ):
            return self._application(environ, start_response)
        headers = _headers(environ)
        method = environ["REQUEST_METHOD"]
        try:
            if method == "OPTIONS":
                return _answer(start_response, HTTPStatus.OK, _preflight(bucket, headers), b"")
            allowed = _cors_headers(bucket, headers, method)
            self._admit(method, target, headers)
        except Refused as refused:
            _drop(environ, headers)
            cors = [] if method == "OPTIONS" else _cors_headers(bucket, headers, method)
            return _answer(start_response, HTTPStatus(refused.status), [*cors, _XML], _error(refused, target))

        def start(status: str, response_headers: Headers, *rest: Any) -> Any:
            kept = [pair for pair in response_headers if not pair[0].lower().startswith("access-control-")]
            return start_response(status, [*kept, *allowed], *rest)

        return self._application(environ, start)

    def _admit(self, method: str, target: str, headers: Mapping[str, str]) -> None:
        """Raise `Refused` for what S3 would not do."""
        if is_presigned(target):
            check_presigned(method, target, headers, self._secrets, self._now())
        elif "authorization" not in headers:
            raise Refused(403, "AccessDenied", "Access Denied")
        if method == "PUT":
            _check_length(headers)


def _for_another_service(environ: Environ) -> bool:
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    return bool(authorization) and "/s3/aws4_request" not in authorization


def _check_length(headers: Mapping[str, str]) -> None:
    length = headers.get("content-length")
    if length is None or not length.isdigit():
        raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    if int(length) > LARGEST_PUT_BYTES:
        raise Refused(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


def _preflight(bucket: Any, headers: Mapping[str, str]) -> Headers:
    """The headers by which a browser may go on. https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html"""
    method = headers.get("access-control-request-method")
    if "origin" not in headers or method is None:
        raise Refused(400, "BadRequest", "Insufficient information. Origin request header needed.")
    wanted = [name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")]
    for rule in bucket.cors or ():
        granted = _granted(rule, headers["origin"], method)
        if granted and all(_matches(rule.allowed_headers, name.lower()) for name in wanted if name):
            if wanted != [""]:
                granted.append(("Access-Control-Allow-Headers", ", ".join(wanted)))
            if rule.max_age_seconds is not None:
                granted.append(("Access-Control-Max-Age", str(rule.max_age_seconds)))
            return granted
    raise Refused(
        403,
        "AccessForbidden",
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
        "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
        "resource's CORS spec.",
    )


def _cors_headers(bucket: Any, headers: Mapping[str, str], method: str) -> Headers:
    """What lets a page of the request's origin read the response; nothing where no rule does."""
    for rule in bucket.cors or ():
        granted = _granted(rule, headers.get("origin", ""), method)
        if granted:
            exposed = rule.exposed_headers or []
            return [*granted, *([("Access-Control-Expose-Headers", ", ".join(exposed))] if exposed else [])]
    return []


def _granted(rule: Any, origin: str, method: str) -> Headers:
    if not origin or method not in rule.allowed_methods or not _matches(rule.allowed_origins, origin):
        return []
    anyone = "*" in rule.allowed_origins
    return [
        ("Access-Control-Allow-Origin", "*" if anyone else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule.allowed_methods)),
        *([] if anyone else [("Access-Control-Allow-Credentials", "true")]),
        _VARY,
    ]


def _matches(patterns: Iterable[str] | None, value: str) -> bool:
    """Header names are compared in lower case: whoever calls has made `value` so."""
    return any(fnmatchcase(value, pattern if "://" in pattern else pattern.lower()) for pattern in patterns or ())


def _headers(environ: Environ) -> dict[str, str]:
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers


def _drop(environ: Environ, headers: Mapping[str, str]) -> None:
    """Read what the client sends and keep none of it: one that is cut off in mid-sentence never reads the answer."""
    length = headers.get("content-length", "")
    left = int(length) if length.isdigit() else 0
    stream = environ["wsgi.input"]
    while left > 0 and (piece := stream.read(min(left, _PIECE))):
        left -= len(piece)


def _error(refused: Refused, target: str) -> bytes:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refused.code}</Code><Message>{escape(str(refused))}</Message>"
        f"<Resource>{escape(target.partition('?')[0])}</Resource>"
        f"<RequestId>{secrets.token_hex(8).upper()}</RequestId></Error>"
    )
    return text.encode()


def _answer(start_response: Any, status: HTTPStatus, headers: Headers, body: bytes) -> list[bytes]:
    start_response(f"{status.value} {status.phrase}", [*headers, ("Content-Length", str(len(body)))])
    return [body]
