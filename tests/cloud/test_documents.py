"""A document's life: uploaded, read, found, cited, replaced, removed; and what is refused on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from localcloud.cloud import LocalCloud
from localcloud.pinecone.faults import Fault
from localcloud.queues.faults import DeliveryPlan
from tests.cloud.conversation import ask
from tests.cloud.library import Library, long_document
from thinkaloud.client import Client, new_id


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def library(cloud: LocalCloud, http: aiohttp.ClientSession) -> Library:
    return Library(cloud, http)


def name(suffix: str = "md") -> str:
    return f"{new_id('d')}.{suffix}"


KETTLE = "# Kettles\n\nThe kettle on the fourth floor holds 4.5 litres.\n"
ROOM = "会议室守则\n\n九楼的星河会议室最多容纳二十六人。\n"
SHELF = "part,shelf\nsprocket XK-99,row 12\n"


@pytest.mark.parametrize(
    ("file", "text", "question", "words"),
    [
        ("md", KETTLE, "How much does the kettle on the fourth floor hold?", "4.5 litres"),
        ("txt", ROOM, "九楼的星河会议室最多容纳多少人？", "二十六"),
        ("csv", SHELF, "On which shelf is sprocket XK-99?", "row 12"),
    ],
)
async def test_what_is_uploaded_is_found_and_cited(
    library: Library, client: Client, session: str, file: str, text: str, question: str, words: str
) -> None:
    called = f"手册/{name(file)}"
    document = await library.load(called, text.encode(), metadata={"team": "facilities"})
    assert (document["status"], document["error"], document["name"]) == ("ready", None, called)
    assert document["chunks"] == len(await library.chunks(document["id"])) > 0
    assert document["metadata"] == {"team": "facilities"}

    heard = await ask(client, question, session=session)
    assert words in heard.text
    cited = {citation["source"] for citation in heard.last["citations"]}
    uris = {doc["id"]: doc["uri"] for doc in heard.of("source")[0]["docs"]}
    assert called in {uris[source] for source in cited}

    listed: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        _, said = await library.call("GET", f"/documents?limit=2{f'&cursor={cursor}' if cursor else ''}")
        listed += said["documents"]
        cursor = said["cursor"]
    assert called in {each["name"] for each in listed}
    assert len({each["id"] for each in listed}) == len(listed)


async def test_ready_means_that_a_query_finds_it(library: Library, cloud: LocalCloud) -> None:
    """Pinecone shows a write after a while; here, after six reads that miss it."""
    cloud.pinecone.faults.set(Fault(stale_reads=6))
    document, upload = await library.announce(name(), 40)
    assert await library.put(upload, b"# Tides\n\nThe ferry leaves at high tide.\n"[:40].ljust(40)) == 200
    assert (await library.settled(document["id"]))["status"] == "ready"
    assert len(await library.chunks(document["id"])) == 1


async def test_the_same_again_changes_nothing(library: Library, cloud: LocalCloud) -> None:
    called, text = name(), b"# Owls\n\nThe office owl is called Edgar.\n"
    first = await library.load(called, text)
    embedded = cloud.models.ledger.counts("/v1/embeddings")["finished"]
    second = await library.load(called, text)
    assert (second["id"], second["status"], second["chunks"]) == (first["id"], "ready", first["chunks"])
    assert cloud.models.ledger.counts("/v1/embeddings")["finished"] == embedded


async def test_a_new_version_takes_the_place_of_the_old_one_and_one_of_both_is_always_there(
    library: Library, cloud: LocalCloud
) -> None:
    called = name()
    old, new = long_document("old", 80), long_document("new", 60)
    first = await library.load(called, old)
    before = await library.chunks(first["id"])
    document, upload = await library.announce(called, len(new))
    assert document["id"] == first["id"]
    assert await library.put(upload, new) == 200
    settled = asyncio.create_task(library.settled(document["id"]))
    seen: list[list[str]] = []
    while not settled.done():
        seen.append(await library.chunks(document["id"]))
        await asyncio.sleep(0)
    after = await library.chunks(document["id"])
    assert (await settled)["chunks"] == len(after)
    assert all("old" not in text for text in after)
    assert all(set(before) <= set(texts) or set(after) <= set(texts) for texts in seen), "a moment without either"


async def test_a_removed_document_is_gone_from_the_index_before_it_is_gone_from_the_list(
    library: Library, client: Client, session: str
) -> None:
    document = await library.load(name(), b"# Sleds\n\nThe red sled weighs exactly 7.25 kg.\n")
    status, said = await library.call("DELETE", f"/documents/{document['id']}")
    assert (status, said["document"]["status"]) == (202, "deleting")
    await library.gone(document["id"])
    assert await library.chunks(document["id"]) == []
    heard = await ask(client, "How much does the red sled weigh?", session=session)
    assert "7.25" not in heard.text
    again = await library.load(document["name"], b"# Sleds\n\nThe red sled was sold.\n")
    assert again["status"] == "ready"


async def test_three_deliveries_at_once_are_one(library: Library, cloud: LocalCloud) -> None:
    text = long_document("thrice", 100)
    document, upload = await library.announce(name(), len(text))
    cloud.events.faults.set(DeliveryPlan(deliveries=3, at_once=True, contains=document["id"]))
    assert await library.put(upload, text) == 200
    settled = await library.settled(document["id"])
    chunks = await library.chunks(document["id"])
    assert (settled["status"], settled["chunks"]) == ("ready", len(chunks))
    assert len(set(chunks)) == len(chunks)


@pytest.mark.parametrize(
    ("file", "data", "code"),
    [
        ("a.pdf", b"%PDF-1.7 and then nothing", "broken"),
        ("a.docx", b"PK\x03\x04 half a zip", "broken"),
        ("a.pdf", b"just text", "misnamed"),
        ("a.md", b"# Only a heading\n", "empty"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(library: Library, file: str, data: bytes, code: str) -> None:
    document = await library.load(f"{new_id('d')}-{file}", data)
    assert (document["status"], document["error"]["code"]) == ("failed", code)
    assert document["error"]["message"]
    assert await library.chunks(document["id"]) == []


@pytest.mark.parametrize(
    "called", ["../secrets.md", "/etc/passwd.md", "a/../../b.md", "C:\\x.md", "a\x00b.md", "", "x" * 300 + ".md"]
)
async def test_a_name_that_leads_somewhere_is_refused(library: Library, called: str) -> None:
    status, said = await library.call("POST", "/documents", {"name": called, "bytes": 1})
    assert 400 <= status < 500
    assert said["error"]["code"]


@pytest.mark.parametrize(
    "fields",
    [
        {"bytes": 500_000_000},
        {"bytes": 0},
        {"bytes": "many"},
        {"bytes": 1, "metadata": {"note": "x" * 40_000}},
        {"bytes": 1, "metadata": {"note": {"deep": 1}}},
        {"bytes": 1, "metadata": {"document": "another"}},
        {"bytes": 1, "metadata": ["a"]},
    ],
)
async def test_what_is_said_of_a_file_is_checked(library: Library, fields: dict[str, Any]) -> None:
    status, said = await library.call("POST", "/documents", {"name": name(), **fields})
    assert 400 <= status < 500, said
    assert said["error"]["code"]
    assert said["error"]["message"]


async def test_an_upload_has_one_place_one_size_and_one_time(library: Library) -> None:
    text = b"# Gates\n\nThe north gate closes at nine.\n"
    document, upload = await library.announce(name(), len(text))
    assert upload["method"] == "PUT"
    other = upload["url"].replace(document["id"], "0" * 32)
    assert await library.put({**upload, "url": other}, text) == 403
    assert await library.put(upload, text + b"x" * 1_000_000) == 403
    assert await library.put(upload, text) == 200
    assert await library.put(upload, text) in (412, 200), "once it is read the place is free, but nobody waits for it"
    assert (await library.settled(document["id"]))["status"] == "ready"
    assert len(await library.chunks(document["id"])) == 1


async def test_a_tenant_sees_nothing_of_another(
    library: Library, cloud: LocalCloud, http: aiohttp.ClientSession
) -> None:
    document = await library.load(name(), b"# Plans\n\nThe merger is called Project Heron.\n")
    stranger = Library(cloud, http, tenant=new_id("rival"))
    path = f"/documents/{document['id']}"
    assert (await stranger.call("GET", "/documents"))[1]["documents"] == []
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"bytes": 1})):
        status, said = await stranger.call(method, path, body)
        assert (status, said["error"]["code"]) == (404, "not_found")
    theirs = await stranger.load(document["name"], b"# Plans\n\nThere is no merger.\n")
    assert theirs["id"] == document["id"], "the same name"
    assert len(await library.chunks(document["id"])) == 1
    assert "Heron" in (await library.chunks(document["id"]))[0]
    async with Client(cloud.ws_url, cloud.token(tenant=stranger.tenant)) as rival:
        heard = await ask(rival, "What is the merger called?", session=new_id("s"))
    assert "Heron" not in heard.text


async def test_who_may_call(library: Library, cloud: LocalCloud) -> None:
    assert await library.call("GET", "/documents", token="") == (401, {"message": "Unauthorized"})
    assert (await library.call("GET", "/documents", token="nonsense"))[0] == 403
    reader = cloud.token(scopes="documents:read")
    assert (await library.call("GET", "/documents", token=reader))[0] == 200
    status, said = await library.call("POST", "/documents", {"name": name(), "bytes": 1}, token=reader)
    assert (status, said["error"]["code"]) == (403, "forbidden")
    writer = cloud.token(scopes="documents:write")
    assert (await library.call("GET", "/documents", token=writer))[0] == 403


async def test_the_page_may_call_and_upload_and_a_foreign_page_may_not(
    library: Library, cloud: LocalCloud, http: aiohttp.ClientSession
) -> None:
    page = cloud.page_url.rstrip("/")
    _, upload = await library.announce(name(), 1)
    wanted = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    for url in (f"{cloud.http_url}/documents", upload["url"]):
        async with http.options(url, headers={"Origin": page, **wanted}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == page
            assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        async with http.options(url, headers={"Origin": "http://evil.example", **wanted}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_api_describes_itself_to_anybody(library: Library) -> None:
    status, described = await library.call("GET", "/openapi.json", token="")
    assert status == 200
    assert {"/documents", "/documents/{document}"} <= described["paths"].keys()
