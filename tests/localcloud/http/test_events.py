"""The events of payload format 2.0, field by field."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from localcloud.http.events import Request, authorizer_event, proxy_event
from localcloud.http.routing import Matched
from localcloud.template.model import HttpRoute

REQUEST = Request(
    method="POST",
    target="/documents/a%20b?tag=x&tag=y&q=%E5%81%87",
    headers=(
        ("Host", "127.0.0.1:8081"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Cookie", "a=1; b=2"),
        ("Accept", "text/html"),
        ("accept", "*/*"),
        ("User-Agent", "curl"),
    ),
    body='{"name": "假"}'.encode(),
    source_ip="127.0.0.1",
    protocol="HTTP/1.1",
    id="JKJaXmPLvHcESHA=",
    at=1583348638.39,
)
MATCHED = Matched(HttpRoute("POST /documents/{document}", "Api", None), {"document": "a b"})


def test_a_whole_event():
    assert proxy_event(REQUEST, MATCHED, "HttpApi", "$default", {"lambda": {"tenant": "t"}}) == {
        "version": "2.0",
        "routeKey": "POST /documents/{document}",
        "rawPath": "/documents/a b",
        "rawQueryString": "tag=x&tag=y&q=%E5%81%87",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "host": "127.0.0.1:8081",
            "content-type": "application/json; charset=utf-8",
            "accept": "text/html,*/*",
            "user-agent": "curl",
        },
        "queryStringParameters": {"tag": "x,y", "q": "假"},
        "pathParameters": {"document": "a b"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "HttpApi",
            "authorizer": {"lambda": {"tenant": "t"}},
            "domainName": "127.0.0.1:8081",
            "domainPrefix": "127",
            "http": {
                "method": "POST",
                "path": "/documents/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /documents/{document}",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "body": '{"name": "假"}',
        "isBase64Encoded": False,
    }


def test_what_is_not_there_is_left_out():
    bare = Request("GET", "/", (("Host", "h"),), b"", "127.0.0.1", "HTTP/1.1", "id", 0.0)
    event = proxy_event(bare, Matched(HttpRoute("$default", "Api", None)), "HttpApi", "$default", None)
    assert event.keys() == {
        *("version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded")
    }
    assert "authorizer" not in event["requestContext"]
    assert event["requestContext"]["http"]["userAgent"] == ""


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ([("Content-Type", "text/csv")], b"a,b", True),
        ([], b"plain", True),
        ([("Content-Type", "application/pdf")], b"%PDF", False),
        ([("Content-Type", "application/json"), ("Content-Encoding", "gzip")], b"{}", False),
        ([("Content-Type", "text/plain")], b"\xff\xfe", False),
    ],
)
def test_a_body_that_is_no_text_comes_as_base64(headers: list[tuple[str, str]], body: bytes, text: bool):
    request = replace(REQUEST, headers=tuple(headers), body=body)
    event = proxy_event(request, MATCHED, "HttpApi", "$default", None)
    assert event["isBase64Encoded"] is not text
    assert (event["body"].encode() if text else base64.b64decode(event["body"])) == body


def test_an_authorizer_hears_who_calls_and_not_what_is_sent():
    event = authorizer_event(REQUEST, MATCHED, "HttpApi", "$default", ["Bearer x"])
    assert (event["type"], event["version"], event["identitySource"]) == ("REQUEST", "2.0", ["Bearer x"])
    assert event["routeArn"] == "arn:aws:execute-api:us-east-1:123456789012:HttpApi/$default/POST/documents/a b"
    assert "body" not in event
    assert event["headers"]["accept"] == "text/html,*/*"
    assert event["requestContext"]["http"]["method"] == "POST"
