"""Uploads as a browser and a client make them: what S3 takes, what it refuses, and what it tells the queue."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_plus

import aiohttp
import boto3
import pytest
from botocore.config import Config

from localcloud.aws.cloud import Aws
from localcloud.template.model import Application, Bucket, Queue

PAGE = "http://127.0.0.1:8080"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:uploaded"
KEY = "uploads/青禾/a b.md"
BODY = b"hello"
HEADERS = {"Content-Type": "text/markdown", "If-None-Match": "*"}


class Storage:
    """The bucket, the queue that it tells, and a way to upload."""

    def __init__(self, aws: Aws, session: aiohttp.ClientSession) -> None:
        settings: dict[str, Any] = {
            "endpoint_url": aws.url,
            "region_name": "us-east-1",
            "aws_access_key_id": aws.environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": aws.environment["AWS_SECRET_ACCESS_KEY"],
            "aws_session_token": aws.environment["AWS_SESSION_TOKEN"],
        }
        self.url = aws.url
        self.s3 = boto3.client("s3", config=Config(signature_version="s3v4"), **settings)
        self.sqs = boto3.client("sqs", **settings)
        self.session = session

    def presigned(self, key: str, size: int = len(BODY)) -> str:
        params = {
            "Bucket": "uploads",
            "Key": key,
            "ContentLength": size,
            "ContentType": HEADERS["Content-Type"],
            "IfNoneMatch": "*",
        }
        return str(self.s3.generate_presigned_url("put_object", Params=params, ExpiresIn=60))

    async def put(self, url: str, body: Any = BODY, **headers: str) -> tuple[int, str, dict[str, str]]:
        """Status, the code of the error if there is one, and headers with names in lower case."""
        async with self.session.put(url, data=body, headers={**HEADERS, **headers}) as answer:
            found = re.search(r"<Code>(\w+)</Code>", await answer.text())
            names = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, found[1] if found else "", names

    async def told(self) -> list[dict[str, Any]]:
        """What the queue was told, once it was told something."""
        url = self.sqs.get_queue_url(QueueName="uploaded")["QueueUrl"]
        answer = await asyncio.to_thread(
            self.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture(scope="module")
async def storage(aws: Aws) -> AsyncIterator[Storage]:
    rule = {
        "AllowedOrigins": [PAGE],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["content-type", "if-none-match"],
        "MaxAgeSeconds": 600,
    }
    told = {"Events": ["s3:ObjectCreated:*"], "QueueArn": QUEUE}
    application = Application(
        {},
        {},
        {},
        {},
        {},
        queues={"Told": Queue("Told", "uploaded", QUEUE, {}, None)},
        buckets={"Uploads": Bucket("Uploads", "uploads", [rule], [told])},
    )
    await aws.create(application)
    await aws.create(application)  # what is there already is no trouble
    async with aiohttp.ClientSession() as session:
        made = Storage(aws, session)
        assert [event["Event"] for event in await made.told()] == ["s3:TestEvent"] * 2
        yield made


@pytest.fixture(autouse=True)
def empty(storage: Storage) -> Iterator[None]:
    yield
    for found in storage.s3.list_objects_v2(Bucket="uploads").get("Contents", []):
        storage.s3.delete_object(Bucket="uploads", Key=found["Key"])


async def test_an_upload_is_kept_and_told_of(storage: Storage):
    status, _, headers = await storage.put(storage.presigned(KEY), Origin=PAGE)
    assert (status, headers["access-control-allow-origin"]) == (200, PAGE)
    assert storage.s3.get_object(Bucket="uploads", Key=KEY)["Body"].read() == BODY
    [event] = await storage.told()
    [record] = event["Records"]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["s3"]["bucket"]["name"] == "uploads"
    assert record["s3"]["object"]["key"].startswith("uploads/")
    assert unquote_plus(record["s3"]["object"]["key"]) == KEY
    assert record["s3"]["object"]["size"] == len(BODY)
    assert {"userIdentity", "requestParameters", "responseElements"} <= record.keys()


async def test_a_url_is_good_once(storage: Storage):
    url = storage.presigned(KEY)
    assert (await storage.put(url))[0] == 200
    assert (await storage.put(url))[:2] == (412, "PreconditionFailed")


async def test_of_many_at_once_one_is_kept(storage: Storage):
    url = storage.presigned(KEY)
    answers = await asyncio.gather(*(storage.put(url) for _ in range(8)))
    assert sorted(status for status, *_ in answers) == [200, *[412] * 7]


async def test_a_url_is_good_for_one_key_and_one_size(storage: Storage):
    url = storage.presigned(KEY)
    assert (await storage.put(url.replace("/a%20b.md", "/other.md")))[:2] == (403, "SignatureDoesNotMatch")
    assert (await storage.put(url, BODY + b"!"))[:2] == (403, "SignatureDoesNotMatch")
    assert "Contents" not in storage.s3.list_objects_v2(Bucket="uploads")


async def test_a_large_body_is_refused_unread_and_the_client_hears_why(storage: Storage):
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield bytes(100_000)

    refused = await storage.put(storage.presigned(KEY), pieces(), **{"Content-Length": "50000000"})
    assert refused[:2] == (403, "SignatureDoesNotMatch")
    assert (await storage.put(storage.presigned(KEY), pieces()))[:2] == (403, "SignatureDoesNotMatch")


async def test_more_than_s3_takes(storage: Storage):
    unsized = storage.s3.generate_presigned_url("put_object", Params={"Bucket": "uploads", "Key": KEY})
    length = {"Content-Length": str(5 * 1024**3 + 1)}
    reader, writer = await asyncio.open_connection(*storage.url.removeprefix("http://").split(":"))
    path = unsized.removeprefix(storage.url)
    request = f"PUT {path} HTTP/1.1\r\nHost: {storage.url.removeprefix('http://')}\r\n"
    writer.write(f"{request}Content-Length: {length['Content-Length']}\r\n\r\n".encode())
    writer.write_eof()
    assert b"EntityTooLarge" in await reader.read()
    writer.close()


async def test_nobody_comes_unsigned(storage: Storage):
    assert (await storage.put(f"{storage.url}/uploads/x"))[:2] == (403, "AccessDenied")
    async with storage.session.get(f"{storage.url}/uploads") as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    ("origin", "method", "wanted", "status"),
    [
        (PAGE, "PUT", "content-type,if-none-match", 200),
        (PAGE, "DELETE", "", 403),
        (PAGE, "PUT", "x-amz-acl", 403),
        ("http://evil.example", "PUT", "", 403),
    ],
)
async def test_which_pages_may_upload(storage: Storage, origin: str, method: str, wanted: str, status: int):
    asks = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": wanted,
    }
    async with storage.session.options(storage.presigned(KEY), headers=asks) as answer:
        assert answer.status == status
        allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed == (origin if status == 200 else None)


async def test_a_foreign_page_cannot_read_the_answer(storage: Storage):
    _, _, headers = await storage.put(storage.presigned(KEY), Origin="http://evil.example")
    assert "access-control-allow-origin" not in headers


async def test_no_page_reads_another_service(storage: Storage):
    asks = {"Origin": PAGE, "X-Amz-Target": "secretsmanager.ListSecrets", "Authorization": "AWS4-HMAC-SHA256 x"}
    async with storage.session.post(storage.url, data=b"{}", headers=asks) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_clients_with_keys_do_as_before(storage: Storage):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: storage.s3.put_object(Bucket="uploads", Key=f"k{n}", Body=b"x"), range(8)))
    assert len(storage.s3.list_objects_v2(Bucket="uploads")["Contents"]) == 8
