"""Documents over the HTTP API, against a stand-in for it."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.http_api import HttpApi, bearer
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.documents import PIECE, Documents, StoredDocument, document_id
from thinkaloud.client.errors import BadAddress, BadToken, CannotConnect, NoReply, RequestRefused
from thinkaloud.knowledge.documents import Document

AT_ONCE = Backoff(attempts=3, first=0, most=0)


async def good() -> str:
    return bearer()


@pytest.fixture
async def api() -> AsyncIterator[HttpApi]:
    async with HttpApi() as api:
        yield api


@pytest.fixture
async def documents(api: HttpApi) -> AsyncIterator[Documents]:
    async with Documents(api.url, good, backoff=AT_ONCE) as documents:
        yield documents


async def states(documents: Documents, document: StoredDocument) -> list[StoredDocument]:
    return [seen async for seen in documents.follow(document, looks=AT_ONCE)]


async def test_a_file_is_announced_sent_and_followed(documents: Documents, api: HttpApi, tmp_path: Path):
    path = tmp_path / "leave.md"
    path.write_bytes(b"x" * (PIECE + 10))
    announced = await documents.announce("handbook/leave.md", PIECE + 10, {"sha256": "abc"})
    assert (announced.document.status, announced.document.metadata) == ("waiting", {"sha256": "abc"})

    gone: list[int] = []
    await documents.send(path, announced, gone.append)
    assert gone == [PIECE, PIECE + 10]
    assert api.uploads == {"handbook/leave.md": [path.read_bytes()]}

    seen = await states(documents, announced.document)
    assert [document.status for document in seen] == ["reading", "reading", "reading", "ready"]
    assert [document.progress and document.progress.done for document in seen] == [0, 1, 2, 2]
    assert seen[-1].chunks > 1


async def test_why_it_failed_is_told(documents: Documents, api: HttpApi):
    api.fates["scan.pdf"] = "scanned"
    document = StoredDocument.model_validate(api.put("scan.pdf", status="queued"))
    seen = await states(documents, document)
    assert seen[-1].status == "failed"
    assert seen[-1].error is not None
    assert seen[-1].error.code == "scanned"


async def test_a_document_is_deleted_and_is_gone(documents: Documents, api: HttpApi):
    api.put("leave.md")
    found = await documents.find("leave.md")
    assert found is not None
    assert (await documents.delete(found)).status == "deleting"
    assert await states(documents, found.model_copy(update={"status": "deleting"})) == []
    assert await documents.find("leave.md") is None


async def test_every_page_of_the_list(documents: Documents, api: HttpApi):
    api.page = 2
    for number in range(5):
        api.put(f"{number}.md")
    assert [document.name async for document in documents.all()] == ["0.md", "1.md", "2.md", "3.md", "4.md"]


async def test_what_fails_in_passing_is_tried_again(documents: Documents, api: HttpApi, tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_bytes(b"text")
    api.faults = {("POST", "/documents"): [503, 429], ("PUT", "/bucket"): [500]}
    announced = await documents.announce("a.md", 4)
    await documents.send(path, announced)
    assert api.uploads["a.md"] == [b"text"]
    # Its reply was lost: the bucket has it.
    await documents.send(path, announced)
    assert api.uploads["a.md"] == [b"text"]


async def test_it_is_given_up_after_the_last_attempt(documents: Documents, api: HttpApi):
    api.faults[("GET", "/documents")] = [503, 503, 503]
    with pytest.raises(RequestRefused) as refused:
        await documents.find("a.md")
    assert (refused.value.status, refused.value.code) == (503, "throttled")
    assert len(api.requests) == 3


async def test_a_refusal_is_told_in_the_servers_words_and_not_tried_again(documents: Documents, api: HttpApi):
    with pytest.raises(RequestRefused, match="it must not lead out of its folder") as refused:
        await documents.announce("../a.md", 4)
    assert refused.value.code == "invalid_request"
    assert len(api.requests) == 1


async def test_a_shorter_file_than_announced_is_not_sent_as_if_it_were_whole(
    documents: Documents, api: HttpApi, tmp_path: Path
):
    path = tmp_path / "a.md"
    path.write_bytes(b"text")
    with pytest.raises(CannotConnect):
        await documents.send(path, await documents.announce("a.md", 400))
    assert api.uploads == {}


async def test_a_token_is_kept_until_it_is_about_to_run_out_or_refused(api: HttpApi):
    given = [bearer(name="first"), bearer(seconds=10), bearer(name="last")]
    handed = iter(given)

    async def source() -> str:
        return next(handed)

    async with Documents(api.url, source, backoff=AT_ONCE) as documents:
        for _ in range(3):
            await documents.find("a.md")
        assert set(api.tokens) == {given[0]}
        api.revoked.add(given[0])
        await documents.find("a.md")
        assert api.tokens[-1] == given[1]
        await documents.find("a.md")
        assert api.tokens[-1] == given[2]


async def test_a_token_that_is_not_good_is_a_refusal(api: HttpApi):
    api.revoked.add("opaque")

    async def source() -> str:
        return "opaque"

    async with Documents(api.url, source, backoff=AT_ONCE) as documents:
        with pytest.raises(RequestRefused, match="the token is not accepted"):
            await documents.find("a.md")


async def test_a_token_that_no_header_carries(api: HttpApi):
    async def source() -> str:
        return "no token"

    async with Documents(api.url, source) as documents:
        with pytest.raises(BadToken):
            await documents.find("a.md")


async def test_nobody_is_there(api: HttpApi):
    await api.stop()
    async with Documents(api.url, good, backoff=AT_ONCE) as documents:
        with pytest.raises(CannotConnect, match="nobody answers"):
            await documents.find("a.md")


async def test_something_else_is_there(documents: Documents, api: HttpApi):
    api.reading.clear()
    api.documents[document_id("a.md")] = {"id": document_id("a.md"), "hello": "world"}
    with pytest.raises(RequestRefused, match="this is not the HTTP API"):
        await documents.find("a.md")


async def test_what_stands_still_is_given_up(documents: Documents, api: HttpApi):
    api.reading.clear()
    document = StoredDocument.model_validate(api.put("a.md", status="queued"))
    with pytest.raises(NoReply, match="nothing has happened to it for 0 s"):
        async for _ in documents.follow(document, looks=AT_ONCE, patience=0):
            pass


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://example.com", "http://example.com", "https://", "http://[::1"]
)
def test_an_address_that_is_none_or_not_safe(url: str):
    with pytest.raises(BadAddress):
        Documents(url, good)


@pytest.mark.parametrize("name", ["handbook/en/leave.md", "年假.md", "cafe\u0301.md"])
def test_ids_are_the_servers(name: str):
    stored = SimpleNamespace(uri=unicodedata.normalize("NFC", name))
    assert document_id(name) == Document.id.fget(stored)
