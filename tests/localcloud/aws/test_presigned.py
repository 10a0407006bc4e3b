"""Presigned URLs, made by boto3 and checked as S3 checks them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from localcloud.aws.presigned import Refused, check_presigned, is_presigned

SECRETS = {"key": "secret"}
HEADERS = {"host": "127.0.0.1:5000", "content-length": "5", "content-type": "text/plain", "if-none-match": "*"}


def signed(expires_s: int = 60, secret: str = "secret", version: str = "s3v4", **parameters: Any) -> str:
    """The target of an upload's URL."""
    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:5000",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key=secret,
        aws_session_token="token",
        config=Config(signature_version=version),
    )
    params = {
        "Bucket": "b",
        "Key": "uploads/报 告.md",
        "ContentLength": 5,
        "ContentType": "text/plain",
        "IfNoneMatch": "*",
    }
    url = client.generate_presigned_url("put_object", Params={**params, **parameters}, ExpiresIn=expires_s)
    client.close()
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def refusal(target: str, headers: dict[str, str] | None = None, method: str = "PUT", after_s: float = 0) -> Refused:
    with pytest.raises(Refused) as caught:
        check(target, headers, method, after_s)
    return caught.value


def check(target: str, headers: dict[str, str] | None = None, method: str = "PUT", after_s: float = 0) -> None:
    now = datetime.now(UTC) + timedelta(seconds=after_s)
    check_presigned(method, target, headers or HEADERS, SECRETS, now)


def test_what_it_was_signed_for():
    target = signed()
    assert is_presigned(target)
    check(target)
    check(target, {**HEADERS, "user-agent": "any", "origin": "http://a"})
    check(target.replace("%2F", "/").replace("%3B", ";"))  # clients may take what need not be encoded out of its code


@pytest.mark.parametrize(
    "headers",
    [
        {**HEADERS, "content-length": "6"},
        {**HEADERS, "content-type": "text/html"},
        {**HEADERS, "if-none-match": "x"},
        {**HEADERS, "host": "127.0.0.1:5001"},
        {name: value for name, value in HEADERS.items() if name != "if-none-match"},
    ],
)
def test_not_for_other_headers(headers: dict[str, str]):
    refused = refusal(signed(), headers)
    assert (refused.status, refused.code) == (403, "SignatureDoesNotMatch")


def test_not_for_another_key_or_method_or_with_another_secret():
    target = signed()
    for other in (target.replace("/uploads/", "/other/"), target + "&x-id=1", signed(secret="guessed")):
        assert refusal(other).code == "SignatureDoesNotMatch"
    assert refusal(target, method="GET").code == "SignatureDoesNotMatch"


def test_not_with_headers_that_nobody_signed():
    refused = refusal(signed(), {**HEADERS, "x-amz-acl": "public-read"})
    assert (refused.status, refused.code) == (403, "AccessDenied")


def test_not_too_late_and_not_too_early():
    assert str(refusal(signed(), after_s=61)) == "Request has expired"
    assert str(refusal(signed(), after_s=-1000)) == "Request is not valid yet"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("X-Amz-Expires=60", "X-Amz-Expires=604801", "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=60", "X-Amz-Expires=soon", "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=60", "X-Amz-Expires=", "AuthorizationQueryParametersError"),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", "AuthorizationQueryParametersError"),
        ("%2Fs3%2F", "%2Fsqs%2F", "AuthorizationQueryParametersError"),
        ("Credential=key", "Credential=other", "InvalidAccessKeyId"),
        ("X-Amz-Date=2", "X-Amz-Date=x", "AuthorizationQueryParametersError"),
        ("%3Bhost", "", "AccessDenied"),
    ],
)
def test_nonsense(old: str, new: str, code: str):
    target = signed()
    assert target.count(old) == 1
    assert refusal(target.replace(old, new)).code == code


def test_the_old_kind_of_signature_is_not_taken():
    target = signed(version="s3")
    assert is_presigned(target)
    assert (refusal(target).status, refusal(target).code) == (400, "InvalidRequest")


def test_a_plain_request_is_not_presigned():
    assert not is_presigned("/b/key?versionId=1")
