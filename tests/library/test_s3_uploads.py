"""Uploads in S3: what an address is good for, and what becomes of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws

from tests.builders import NOW
from thinkaloud.errors import DocumentMissing, DocumentTooLarge, StorageError
from thinkaloud.library.s3_uploads import CLIENT_CONFIG, S3Uploads
from thinkaloud.library.uploads import UPLOAD_SECONDS, object_key, read_object_key
from thinkaloud.state.documents import Announced, DocumentKey, StoredDocument

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = DocumentKey("qinghe", "0123456789abcdef0123456789abcdef")
OBJECT = "uploads/qinghe/0123456789abcdef0123456789abcdef/3"
ANNOUNCED = Announced("退货.pdf", "application/pdf", 48_213, "lin", NOW + UPLOAD_SECONDS)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1", config=CLIENT_CONFIG)
        client.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def test_an_address_is_signed_for_one_file_of_one_size(s3: S3Client) -> None:
    address = S3Uploads(s3, "uploads").address(StoredDocument(KEY, ANNOUNCED, 3, "waiting", NOW, NOW))
    parts = urlsplit(address.url)
    query = parse_qs(parts.query)
    assert parts.path.endswith(OBJECT)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == [str(UPLOAD_SECONDS)]
    assert not any("checksum" in name.lower() for name in query), "it would be that of an empty file"
    assert address.headers == {"content-type": "application/pdf", "if-none-match": "*"}
    assert address.expires_at == NOW + UPLOAD_SECONDS


def test_a_file_is_fetched_and_discarded(s3: S3Client, tmp_path: Path) -> None:
    uploads = S3Uploads(s3, "uploads")
    s3.put_object(Bucket="uploads", Key=OBJECT, Body=b"x" * 3_000_000)
    uploads.fetch(OBJECT, tmp_path / "file", 3_000_000)
    assert (tmp_path / "file").stat().st_size == 3_000_000
    with pytest.raises(DocumentTooLarge, match="2,999,999"):
        uploads.fetch(OBJECT, tmp_path / "file", 2_999_999)
    uploads.discard(OBJECT)
    uploads.discard(OBJECT)
    with pytest.raises(DocumentMissing):
        uploads.fetch(OBJECT, tmp_path / "file", 10)


def test_a_bucket_that_is_not_there(s3: S3Client, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="NoSuchBucket"):
        S3Uploads(s3, "nothing").fetch(OBJECT, tmp_path / "file", 10)


def test_a_key_is_read_as_it_was_written() -> None:
    assert object_key(KEY, 3) == OBJECT
    assert read_object_key(OBJECT) == (KEY, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        OBJECT + "/",
        OBJECT + "\n",
        "/" + OBJECT,
        OBJECT.replace("/3", "/0"),
        OBJECT.replace("/3", "/-1"),
        OBJECT.replace("/3", "/3/3"),
        OBJECT.replace("qinghe", "a#b"),
        OBJECT.replace("qinghe", ""),
        OBJECT.replace("0123", "ABCD"),
    ],
)
def test_a_key_that_is_none_of_ours(text: str) -> None:
    assert read_object_key(text) is None
