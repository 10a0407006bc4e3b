"""The routes of a tenant's documents."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.api.conftest import Desktop
from thinkaloud.errors import DispatchFailed, StorageError, StorageThrottled
from thinkaloud.library.jobs import Removal
from thinkaloud.state.documents import DocumentKey, Failure

ID = hashlib.blake2b(b"returns.md", digest_size=16).hexdigest()
KEY = DocumentKey("qinghe", ID)


def test_a_document_is_announced_and_told_where_to_go(api: Desktop) -> None:
    reply = api.add(fields={"metadata": {"team": "support", "year": 2025}})
    assert reply.status == 201
    assert reply.body["document"] == {
        "id": ID,
        "name": "returns.md",
        "uri": "returns.md",
        "media": "text/markdown",
        "bytes": 2_048,
        "status": "waiting",
        "error": None,
        "chunks": 0,
        "progress": {"done": 0, "total": None},
        "metadata": {"team": "support", "year": 2025},
        "version": 1,
        "created_at": "2025-11-20T09:30:00.250000Z",
        "updated_at": "2025-11-20T09:30:00.250000Z",
    }
    assert reply.body["upload"] == {
        "method": "PUT",
        "url": f"memory:uploads/qinghe/{ID}/1",
        "headers": {"content-type": "text/markdown"},
        "expires_at": "2025-11-20T09:45:00.250000Z",
    }


def test_the_same_name_again_is_the_next_version(api: Desktop) -> None:
    api.add("员工手册/退货.pdf")
    again = api.add("员工手册/退货.pdf", 4_096)
    assert (again.body["document"]["version"], again.body["document"]["bytes"]) == (2, 4_096)
    assert again.body["upload"]["url"].endswith("/2")


def test_one_name_in_two_spellings_is_one_document(api: Desktop) -> None:
    """macOS hands out é as two characters."""
    whole, parted = api.add("caf\u00e9.txt"), api.add("cafe\u0301.txt")
    assert whole.body["document"]["id"] == parted.body["document"]["id"]
    assert parted.body["document"]["name"] == "caf\u00e9.txt"


def test_a_replacement_keeps_name_and_metadata(api: Desktop) -> None:
    api.add(fields={"metadata": {"team": "support"}})
    reply = api.ask("PUT", f"/documents/{ID}", {"bytes": 9})
    assert reply.status == 200
    document = reply.body["document"]
    assert (document["name"], document["version"], document["metadata"]) == ("returns.md", 2, {"team": "support"})
    assert api.ask("PUT", f"/documents/{ID}", {"bytes": 9, "metadata": {}}).body["document"]["metadata"] == {}


def test_the_list_goes_page_by_page_to_its_end(api: Desktop) -> None:
    for number in range(5):
        api.now += 1
        api.add(f"{number}.txt")
    names: list[str] = []
    cursor = None
    for _ in range(3):
        page = api.ask("GET", "/documents", query={"limit": "2"} | ({"cursor": cursor} if cursor else {})).body
        names += [document["name"] for document in page["documents"]]
        cursor = page["cursor"]
    assert sorted(names) == [f"{number}.txt" for number in range(5)]
    assert cursor is None
    whole = api.ask("GET", "/documents").body
    assert [document["name"] for document in whole["documents"]] == ["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"]


def test_a_failure_is_told_in_the_readers_language(api: Desktop) -> None:
    api.add()
    claimed = api.documents.claim(KEY, 1, api.now, 30).document
    assert claimed is not None
    api.documents.fail(claimed, api.now, Failure("scanned", "returns.md: its 3 pages are pictures"))
    english = api.ask("GET", f"/documents/{ID}").body
    chinese = api.ask("GET", f"/documents/{ID}", language="zh-CN,zh;q=0.9,en;q=0.8").body
    assert english["status"] == chinese["status"] == "failed"
    assert english["error"] == {"code": "scanned", "message": "returns.md: its 3 pages are pictures"}
    assert chinese["error"]["code"] == "scanned"
    assert "文字识别" in chinese["error"]["message"]


def test_an_upload_that_never_came_is_told_and_can_be_made_again(api: Desktop) -> None:
    api.add()
    api.now += 1_300
    found = api.ask("GET", f"/documents/{ID}").body
    assert (found["status"], found["error"]["code"]) == ("failed", "expired")
    assert api.ask("GET", "/documents").body["documents"][0]["status"] == "failed"
    assert api.add().body["document"]["version"] == 2


def test_a_removal_is_queued_and_told(api: Desktop) -> None:
    api.add()
    reply = api.ask("DELETE", f"/documents/{ID}")
    assert (reply.status, reply.body["document"]["status"]) == (202, "deleting")
    assert api.jobs.sent == [Removal(KEY, 2)]
    assert api.add().code == "busy"
    assert api.ask("PUT", f"/documents/{ID}", {"bytes": 1}).status == 409
    api.ask("DELETE", f"/documents/{ID}")
    assert api.jobs.sent == [Removal(KEY, 2)] * 2, "a removal that was lost may be asked for again"


# ---- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_tenants_document_is_not_there(api: Desktop, method: str) -> None:
    api.add()
    body = {"bytes": 1} if method == "PUT" else None
    foreign = api.ask(method, f"/documents/{ID}", body, tenant="green-mountain")
    unknown = api.ask(method, f"/documents/{'0' * 32}", body, tenant="green-mountain")
    assert foreign.status == unknown.status == 404
    assert foreign.message.replace(ID, "") == unknown.message.replace("0" * 32, "")
    assert api.ask("GET", "/documents", tenant="green-mountain").body["documents"] == []
    assert api.ask("GET", f"/documents/{ID}").body["status"] == "waiting"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/documents", "documents:write audit:read"),
        ("GET", f"/documents/{ID}", ""),
        ("POST", "/documents", "documents:read"),
        ("PUT", f"/documents/{ID}", "documents:read"),
        ("DELETE", f"/documents/{ID}", "documents:read documents"),
    ],
)
def test_a_token_that_is_not_for_this(api: Desktop, method: str, path: str, scope: str) -> None:
    reply = api.ask(method, path, {"name": "a.txt", "bytes": 1} if method == "POST" else {"bytes": 1}, scope=scope)
    assert (reply.status, reply.code) == (403, "forbidden")


def test_the_authorisers_word_is_the_only_one(api: Desktop) -> None:
    assert api.ask("GET", "/documents", expires=1).status == 401
    for context in ({}, {"lambda": None}, {"jwt": {"claims": {"tenant": "qinghe"}}}, {"lambda": {"tenant": "a#b"}}):
        reply = api.ask("GET", "/documents", context=context)
        assert (reply.status, reply.code) == (401, "unauthorized")


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd.txt",
        "a/../b.txt",
        "/etc/motd.txt",
        "folder//b.txt",
        "folder/.txt/",
        "C:\\temp\\a.txt",
        "c:a.txt",
        "..\\a.txt",
        "a\u0000.txt",
        "a\n.txt",
        "gnp\u202etxt.exe.txt",
        "\ud800.txt",
        "长" * 90 + ".txt",
    ],
)
def test_a_name_that_leads_somewhere(api: Desktop, name: str) -> None:
    reply = api.add(name)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert "name" in reply.message


@pytest.mark.parametrize(
    "fields",
    [
        {"bytes": 0},
        {"bytes": -1},
        {"bytes": "12"},
        {"bytes": 1.5},
        {"bytes": True},
        {"bytes": None},
        {"bytes": 10**400},
        {"name": None},
        {"name": ["a.txt"]},
        {"media": "text"},
        {"media": "text/plain\r\nx-amz-acl: public-read"},
        {"media": 5},
        {"metadata": "team"},
        {"metadata": ["team"]},
        {"metadata": {"team": None}},
        {"metadata": {"team": {"name": "support"}}},
        {"metadata": {"team": [1, 2]}},
        {"metadata": {"team": 2**60}},
        {"metadata": {"": 1}},
        {"metadata": {"$gt": 1}},
        {"metadata": {"a b": 1}},
        {"metadata": {"text": "mine"}},
        {"metadata": {"fingerprint": "mine"}},
        {"metadata": {"note": "x" * 40_000}},
        {"metadata": {f"key{number}": "x" * 100 for number in range(90)}},
        {"tenant": "green-mountain"},
        {"status": "ready"},
    ],
    ids=lambda fields: str(fields)[:60],
)
def test_a_field_that_cannot_be(api: Desktop, fields: dict[str, Any]) -> None:
    reply = api.add(fields=fields)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert len(reply.message) < 300, "what was sent is not sent back"
    assert api.documents.page("qinghe", 10) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', "[" * 100_000, "\ufeff{}", '{"bytes": NaN, "name": "a.txt"}']
)
def test_a_body_that_is_no_request(api: Desktop, text: str) -> None:
    reply = api.ask("POST", "/documents", text=text)
    assert reply.status in (400, 422)
    assert reply.code == "invalid_request"


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(api: Desktop) -> None:
    reply = api.add(size=500 * 1024 * 1024)
    assert (reply.status, reply.code) == (413, "too_large")
    assert "524,288,000" in reply.message
    assert "1,000,000" in reply.message


@pytest.mark.parametrize("name", ["setup.exe", "README", "archive.zip", "笔记.pages"])
def test_a_kind_that_nothing_reads(api: Desktop, name: str) -> None:
    reply = api.add(name)
    assert (reply.status, reply.code) == (415, "unsupported")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/documents/../secrets", {}),
        ("/documents/ABC", {}),
        ("/documents", {"limit": "0"}),
        ("/documents", {"limit": "101"}),
        ("/documents", {"limit": "many"}),
        ("/documents", {"cursor": "' OR 1=1"}),
        ("/nothing/here", {}),
    ],
)
def test_an_address_that_is_none(api: Desktop, path: str, query: dict[str, str]) -> None:
    reply = api.ask("GET", path, query=query)
    assert reply.status in (404, 422)
    assert reply.code in ("not_found", "invalid_request")


# ---- trouble ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StorageThrottled("DynamoDB answered ThrottlingException"), 503, "throttled"),
        (StorageError("DynamoDB answered InternalServerError"), 503, "storage_unavailable"),
        (DispatchFailed("SQS did not take it"), 503, "throttled"),
        (RuntimeError("secret detail"), 500, "internal"),
    ],
)
def test_trouble_behind_is_typed_and_tells_nothing(
    api: Desktop, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(api.documents, "page", broken)
    reply = api.ask("GET", "/documents")
    assert (reply.status, reply.code) == (status, code)
    assert str(error) not in reply.message
