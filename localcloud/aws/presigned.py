"""Presigned S3 URLs, checked as S3 checks them: moto takes any signature.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, unquote, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"
_PARAMETERS = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
_LONGEST_S = 604_800
_CLOCK_SKEW = timedelta(minutes=15)


class Refused(Exception):
    """S3 answers with this HTTP `status` and error `code`; `str()` is its message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def is_presigned(target: str) -> bool:
    """Whether the query of a request target (path and query) claims a signature, of any version."""
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)
    return not query.keys().isdisjoint({"X-Amz-Algorithm", "X-Amz-Signature", "Signature"})


def check_presigned(
    method: str, target: str, headers: Mapping[str, str], secrets: Mapping[str, str], now: datetime
) -> None:
    """Raise `Refused` unless a URL was signed for just this request and is still good.

    `target` is path and query as they were sent, `headers` have names in lower case, `secrets` are secret access keys
    by access key id, and `now` is in UTC.
    """
    given = {name: values[-1] for name, values in parse_qs(urlsplit(target).query, keep_blank_values=True).items()}
    if "Signature" in given:
        raise Refused(
            400,
            "InvalidRequest",
            f"The authorization mechanism you have provided is not supported. Please use {_ALGORITHM}.",
        )
    if given.get("X-Amz-Algorithm") != _ALGORITHM or any(not given.get(name) for name in _PARAMETERS):
        raise _malformed(
            f"Query-string authentication version 4 requires the X-Amz-Algorithm, {', '.join(_PARAMETERS)}"
        )
    key, _, scope = given["X-Amz-Credential"].partition("/")
    if key not in secrets:
        raise Refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    region = _region(scope, given["X-Amz-Date"])
    _check_time(given["X-Amz-Date"], given["X-Amz-Expires"], now)
    signed = given["X-Amz-SignedHeaders"].split(";")
    _check_headers(signed, headers)
    signer = S3SigV4QueryAuth(Credentials(key, secrets[key]), "s3", region)
    request = AWSRequest(
        method=method,
        url=f"http://{headers['host']}{_canonical(target)}",
        headers={name: headers[name] for name in signed},
    )
    request.context["timestamp"] = given["X-Amz-Date"]
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if not hmac.compare_digest(expected.encode(), given["X-Amz-Signature"].encode()):
        raise Refused(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )


def _canonical(target: str) -> str:
    """The target without its signature, encoded as the signer encodes it: clients do not all encode the same."""
    path, _, query = target.partition("?")
    pairs = [part.partition("=") for part in query.split("&") if not part.startswith("X-Amz-Signature=")]
    encoded = "&".join(f"{quote(unquote(name), safe='')}={quote(unquote(value), safe='')}" for name, _, value in pairs)
    return f"{quote(unquote(path), safe='/')}?{encoded}"


def _check_time(date: str, expires: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"") from None
    if not expires.isascii() or not expires.isdigit():
        raise _malformed("X-Amz-Expires should be a number")
    if not 0 < int(expires) <= _LONGEST_S:
        raise _malformed("X-Amz-Expires must be less than a week (in seconds); that is, less than 604800")
    if signed_at - now > _CLOCK_SKEW:
        raise Refused(403, "AccessDenied", "Request is not valid yet")
    if now > signed_at + timedelta(seconds=int(expires)):
        raise Refused(403, "AccessDenied", "Request has expired")


def _region(scope: str, date: str) -> str:
    match scope.split("/"):
        case [day, region, "s3", "aws4_request"] if day == date[:8]:
            return region
    raise _malformed("Error parsing the X-Amz-Credential parameter; its scope must be <day>/<region>/s3/aws4_request")


def _check_headers(signed: list[str], headers: Mapping[str, str]) -> None:
    """Every signed header is there, and what S3 wants signed is."""
    unsigned = [name for name in headers if name.startswith("x-amz-") and name not in signed]
    if "host" not in signed or unsigned:
        raise Refused(403, "AccessDenied", "There were headers present in the request which were not signed")
    if missing := [name for name in signed if name not in headers]:
        raise Refused(
            403,
            "SignatureDoesNotMatch",
            f"The request signature we calculated does not match: it was made with {', '.join(missing)}.",
        )


def _malformed(message: str) -> Refused:
    return Refused(400, "AuthorizationQueryParametersError", message)
