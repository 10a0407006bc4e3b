"""What a return value means as a response."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.http.reply import Reply, read_reply

JSON = ("content-type", "application/json")
TEXT = ("content-type", "text/plain;charset=UTF-8")


@pytest.mark.parametrize(
    ("payload", "reply"),
    [
        ("hello", Reply(200, (JSON,), b"hello")),
        ({"message": "你好"}, Reply(200, (JSON,), '{"message": "你好"}'.encode())),
        ([1, 2], Reply(200, (JSON,), b"[1, 2]")),
        (None, Reply(200, (JSON,), b"null")),
        ({"statusCode": 204}, Reply(204, (TEXT,))),
        ({"statusCode": "201", "body": "made"}, Reply(201, (TEXT,), b"made")),
        (
            {"statusCode": 200, "headers": {"Content-Type": "a/b", "X-N": 3}, "body": "AAE=", "isBase64Encoded": True},
            Reply(200, (("content-type", "a/b"), ("x-n", "3")), b"\x00\x01"),
        ),
        (
            {"statusCode": 200, "cookies": ["a=1; Secure", "b=2"], "headers": {"Content-Length": "9", "date": "now"}},
            Reply(200, (TEXT, ("set-cookie", "a=1; Secure"), ("set-cookie", "b=2"))),
        ),
    ],
)
def test_a_response(payload: Any, reply: Reply):
    assert read_reply(payload) == reply


@pytest.mark.parametrize(
    "payload",
    [
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": "ok"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "body": "***", "isBase64Encoded": True},
    ],
)
def test_no_response(payload: Any):
    assert read_reply(payload) is None
