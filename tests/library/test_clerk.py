"""What becomes of uploads and removals, whatever order they come in, however often, and whoever dies over them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.builders import principal
from tests.library.conftest import MOST_BYTES, TENANT, House, arrival, pages, removal
from thinkaloud.errors import KnowledgeError, ModelBusy, StorageError
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.library.clerk import HELD, MOST_ATTEMPTS
from thinkaloud.library.desk import MARGIN
from thinkaloud.library.library import File
from thinkaloud.library.uploads import object_key
from thinkaloud.state.documents import DocumentKey, StoredDocument


class Killed(BaseException):
    """The function's process ends: nothing of it runs any more."""


def killed_at(batch: int) -> Callable[[int], Awaitable[None]]:
    async def before(number: int) -> None:
        if number == batch:
            raise Killed

    return before


# ---- from the upload to the index ------------------------------------------------------------------------------------


async def test_an_upload_is_read_found_and_deleted(house: House) -> None:
    key = house.announce(pages(3))
    assert await house.deliver(house.arrived(key)) == []
    stored = house.stored(key)
    assert (stored.status, stored.chunks, stored.failure) == ("ready", 3, None)
    assert len(await house.found(key)) == 3
    assert house.uploads.files == {}


async def test_metadata_is_kept_with_every_chunk(house: House) -> None:
    content = pages(2)
    document, _ = house.library.add(principal(), "returns.md", File(len(content), metadata={"team": "客服"}))
    house.uploads.files[object_key(document.key, 1)] = content
    await house.deliver(house.arrived(document.key))
    kept = [passage.metadata for passage, _ in house.index._namespaces[TENANT].values()]
    assert kept == [{"team": "客服"}] * 2


async def test_progress_is_told_while_it_is_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key = house.announce(pages(200))
    told, loop, renew = asyncio.Event(), asyncio.get_running_loop(), house.documents.renew

    def renewed(claimed: StoredDocument, now: float, lease: float, done: int) -> None:
        renew(claimed, now, lease, done)
        if done:
            loop.call_soon_threadsafe(told.set)

    async def before(number: int) -> None:
        if number == 3:
            await told.wait()
            assert house.stored(key).done == 128

    monkeypatch.setattr(house.documents, "renew", renewed)
    house.embedder.before = before
    assert await house.deliver(house.arrived(key)) == []
    assert house.stored(key).chunks == 200


async def test_the_same_document_again_changes_nothing(house: House) -> None:
    content = pages(3)
    key = house.announce(content)
    await house.deliver(house.arrived(key))
    before, batches = await house.found(key), house.embedder.batches
    house.announce(content)
    assert await house.deliver(house.arrived(key, 2)) == []
    assert await house.found(key) == before
    assert house.embedder.batches == batches, "nothing was embedded"
    assert (house.stored(key).status, house.stored(key).version) == ("ready", 2)


async def test_a_new_version_takes_the_old_ones_place(house: House) -> None:
    key = house.announce(pages(5, "old"))
    await house.deliver(house.arrived(key))
    house.announce(pages(2, "new"))
    await house.deliver(house.arrived(key, 2))
    texts = await house.found(key)
    assert len(texts) == 2
    assert all("new rule" in text for text in texts)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.md", b"", "empty"),
        ("white.txt", b" \n\t\n ", "empty"),
        ("report.pdf", b"not a pdf at all", "misnamed"),
        ("report.docx", b"PK\x03\x04 and then nothing of the kind", "broken"),
        ("text.txt", b"\xff\xfe\x00\xd8\x00", "misnamed"),
    ],
)
async def test_a_file_that_disappoints_ends_typed(house: House, name: str, content: bytes, code: str) -> None:
    key = house.announce(content, name, size=max(len(content), 1))
    assert await house.deliver(house.arrived(key, size=max(len(content), 1))) == []
    stored = house.stored(key)
    assert stored.status == "failed"
    assert stored.failure is not None
    assert stored.failure.code == code
    assert stored.failure.message.startswith(name)
    assert await house.found(key) == []
    assert house.uploads.files == {}


# ---- deliveries ------------------------------------------------------------------------------------------------------


async def test_three_deliveries_are_one(house: House) -> None:
    key = house.announce(pages(4))
    message = house.arrived(key)
    assert await house.deliver(message, message, message) == []
    assert await house.deliver(message) == []
    assert len(await house.found(key)) == 4
    assert house.stored(key).attempts == 1


async def test_two_at_once_are_one_and_the_other_waits(house: House) -> None:
    key = house.announce(pages(4))
    message = house.arrived(key)
    undone = await asyncio.gather(house.deliver(message), house.deliver(message))
    assert sorted(undone) == [[], ["0"]]
    assert ("receipt-0", HELD) in house.jobs.held
    assert await house.deliver(message) == []
    assert len(await house.found(key)) == 4
    assert house.stored(key).attempts == 1


class MortalIndex(MemoryIndex):
    """The process dies at the call with this number, before or after it was done."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.dies_at = 0
        self.after = False

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in ("query", "upsert", "ids", "fetch", "delete"):
            return method

        async def mortal(*arguments: Any) -> Any:
            self.calls += 1
            if self.calls == self.dies_at and not self.after:
                raise Killed
            answer = await method(*arguments)
            if self.calls == self.dies_at:
                raise Killed
            return answer

        return mortal


@pytest.mark.parametrize("seed", range(8))
async def test_killed_at_any_moment_and_delivered_again(house: House, seed: int) -> None:
    """Exactly the document's chunks, no orphan, whichever version stood there before."""
    chance = random.Random(seed)
    house.index = index = MortalIndex()
    key = house.announce(pages(70, "old"))
    await house.deliver(house.arrived(key))
    house.announce(pages(80, "new"))
    message = house.arrived(key, 2)
    for _ in range(2):
        index.calls, index.dies_at, index.after = 0, chance.randint(1, 12), chance.random() < 0.5
        try:
            await house.deliver(message)
        except Killed:
            assert house.stored(key).status == "reading"
            assert await house.deliver(message) == ["0"], "its claim still holds"
        house.now += 31
    index.dies_at = 0
    assert await house.deliver(message, message, message) == []
    texts = await house.found(key)
    assert len(texts) == 80
    assert all("new rule" in text for text in texts)
    assert (await house.lexicons.of(TENANT)).passages == 80
    assert house.stored(key).status == "ready"


async def test_what_takes_the_function_down_each_time_is_given_up(house: House) -> None:
    key = house.announce(pages(2))
    message = house.arrived(key)
    for attempt in range(MOST_ATTEMPTS):
        house.embedder.before = killed_at(attempt + 1)
        with pytest.raises(Killed):
            await house.deliver(message)
        house.now += 31
    assert await house.deliver(message) == ["0"], "it is left to the dead letters"
    stored = house.stored(key)
    assert stored.failure is not None
    assert (stored.status, stored.failure.code) == ("failed", "crashed")
    assert await house.deliver(message) == ["0"]


# ---- versions and removals that cross --------------------------------------------------------------------------------


async def test_a_newer_version_ends_the_work_on_an_older_one(house: House) -> None:
    key = house.announce(pages(300, "old"))
    first = house.arrived(key)

    async def before(number: int) -> None:
        if number == 2:
            house.announce(pages(3, "new"))
            await asyncio.Event().wait()  # until it is cancelled

    house.embedder.before = before
    assert await house.deliver(first) == ["0"]
    house.embedder.before = None
    assert await house.deliver(house.arrived(key, 2)) == []
    assert await house.deliver(first) == []
    texts = await house.found(key)
    assert len(texts) == 3
    assert all("new rule" in text for text in texts)
    assert house.uploads.files == {}


async def test_a_newer_version_waits_for_an_older_ones_worker_to_stop(house: House) -> None:
    key = house.announce(pages(2, "old"))
    house.embedder.before = killed_at(1)
    with pytest.raises(Killed):
        await house.deliver(house.arrived(key))
    house.embedder.before = None
    house.announce(pages(3, "new"))
    assert await house.deliver(house.arrived(key, 2)) == ["0"]
    assert house.jobs.held[-1] == ("receipt-0", 30.0), "as long as the dead worker's claim holds"
    house.now += 31
    assert await house.deliver(house.arrived(key, 2)) == []
    assert len(await house.found(key)) == 3


async def test_a_version_that_is_announced_at_the_last_moment_wins(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = house.announce(pages(2, "old"))
    first, finish = house.arrived(key), house.documents.finish

    def late(claimed: StoredDocument, now: float, chunks: int) -> None:
        monkeypatch.undo()
        house.announce(pages(3, "new"))
        finish(claimed, now, chunks)

    monkeypatch.setattr(house.documents, "finish", late)
    assert await house.deliver(first) == ["0"]
    assert (house.stored(key).status, house.stored(key).version) == ("waiting", 2)
    assert await house.deliver(first, house.arrived(key, 2)) == []
    assert len(await house.found(key)) == 3


async def test_an_older_versions_upload_that_comes_late_is_dropped(house: House) -> None:
    key = house.announce(pages(2, "old"))
    late = house.arrived(key)
    house.announce(pages(3, "new"))
    await house.deliver(house.arrived(key, 2))
    assert await house.deliver(late) == []
    assert all("new rule" in text for text in await house.found(key))
    assert house.uploads.files == {}


async def test_a_removal_leaves_nothing_behind(house: House) -> None:
    key = house.announce(pages(70))
    await house.deliver(house.arrived(key))
    house.library.remove(TENANT, key.document)
    message = removal(key, 2)
    assert await house.deliver(message, message) == []
    assert await house.found(key) == []
    assert house.documents.get(key) is None
    assert await house.deliver(message) == [], "again: there is nothing left to do"


async def test_a_removal_wins_over_an_ingest_in_flight(house: House) -> None:
    key = house.announce(pages(300))
    message = house.arrived(key)

    async def before(number: int) -> None:
        if number == 3:
            house.library.remove(TENANT, key.document)
            assert await house.deliver(removal(key, 2)) == ["0"], "the reader has not stopped yet"
            await asyncio.Event().wait()

    house.embedder.before = before
    assert await house.deliver(message) == ["0"]
    assert await house.found(key) != []
    assert await house.deliver(removal(key, 2), message) == []
    assert await house.found(key) == []
    assert house.documents.get(key) is None
    assert house.uploads.files == {}


async def test_a_removal_that_lost_its_document_to_nobody_is_put_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = house.announce(pages(3))
    await house.deliver(house.arrived(key))
    house.library.remove(TENANT, key.document)

    async def broken(*_: object) -> None:
        raise KnowledgeError("the index does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(house.index, "delete", broken)
        for _ in range(MOST_ATTEMPTS + 1):
            assert await house.deliver(removal(key, 2)) == ["0"]
            assert house.stored(key).status == "deleting"
    house.library.remove(TENANT, key.document)  # asked for again
    assert await house.deliver(removal(key, 2)) == []
    assert house.documents.get(key) is None


# ---- services that fail ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KnowledgeError("the index does not answer"), StorageError("S3 answered SlowDown")])
async def test_a_service_that_fails_is_tried_again_later(house: House, error: Exception) -> None:
    key = house.announce(pages(2))
    message = house.arrived(key)

    async def before(number: int) -> None:
        raise error

    house.embedder.before = before
    waits = []
    for _ in range(MOST_ATTEMPTS - 1):
        assert await house.deliver(message) == ["0"]
        assert house.stored(key).status == "queued"
        waits.append(house.jobs.held[-1][1])
    assert waits == [20.0, 40.0, 60.0]
    assert await house.deliver(message) == ["0"]
    assert house.stored(key).status == "failed"
    house.embedder.before = None
    house.announce(pages(2))
    assert await house.deliver(house.arrived(key, 2)) == []
    assert house.stored(key).status == "ready"


async def test_who_runs_out_of_time_goes_on_in_the_next_invocation(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = house.announce(pages(150))
    message = house.arrived(key)
    timeout, limits = asyncio.timeout, list[asyncio.Timeout]()

    def limited(seconds: float) -> asyncio.Timeout:
        assert seconds == house.remaining - MARGIN
        limits.append(timeout(None))
        return limits[-1]

    async def before(number: int) -> None:
        if number == 2:
            limits[-1].reschedule(0.0)
            await asyncio.Event().wait()

    house.embedder.before = before
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "timeout", limited)
        assert await house.deliver(message) == ["0"]
    assert house.stored(key).status == "queued"
    house.embedder.before = None
    assert await house.deliver(message) == []
    assert house.embedder.batches == 4, "the first batch was not embedded again"
    assert len(await house.found(key)) == 150


async def test_too_little_time_is_not_begun_with(house: House) -> None:
    key = house.announce(pages(2))
    house.remaining = 20.0
    assert await house.deliver(house.arrived(key)) == ["0"]
    assert house.stored(key).attempts == 0


# ---- what nobody announced -------------------------------------------------------------------------------------------


async def test_an_upload_that_nobody_announced_is_refused_and_deleted(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = object_key(DocumentKey(TENANT, "0" * 32), 1)
    house.uploads.files[unknown] = b"# Hello\n\nanybody"
    key = house.announce(pages(1))
    ahead = object_key(key, 7)
    house.uploads.files[ahead] = b"# Hello\n\nanybody"
    foreign = object_key(DocumentKey("green-mountain", key.document), 1)
    house.uploads.files[foreign] = b"# Hello\n\nanybody"
    assert await house.deliver(arrival(unknown, 16), arrival(ahead, 16), arrival(foreign, 16)) == []
    assert set(house.uploads.files) == {object_key(key, 1)}
    assert house.index._namespaces == {}
    assert caplog.text.count("audit: an upload that nobody announced") == 3


@pytest.mark.parametrize(
    "name",
    ["uploads/qinghe/x/1", "uploads/../1", "other/qinghe/" + "0" * 32 + "/1", "uploads/a#b/" + "0" * 32 + "/1", ""],
)
async def test_an_object_that_is_no_upload(house: House, name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert await house.deliver(arrival(name, 5)) == []
    assert "audit: an object that is no upload" in caplog.text


async def test_another_buckets_word_counts_for_nothing(house: House) -> None:
    key = house.announce(pages(1))
    assert await house.deliver(arrival(object_key(key, 1), len(pages(1)), bucket="somebody-elses")) == []
    assert house.stored(key).status == "waiting"
    assert object_key(key, 1) in house.uploads.files


@pytest.mark.parametrize("came", [1, 500 * 1024 * 1024])
async def test_an_upload_of_another_size_is_not_read(house: House, came: int) -> None:
    key = house.announce(pages(1))
    assert await house.deliver(house.arrived(key, size=came)) == []
    failure = house.stored(key).failure
    assert failure is not None
    assert failure.code == "wrong_size"
    assert f"{came:,}" in failure.message
    assert house.uploads.files == {}


async def test_an_upload_that_is_larger_than_s3_said(house: House) -> None:
    key = house.announce(b"x" * (MOST_BYTES + 1), "long.txt", size=10)
    assert await house.deliver(house.arrived(key, size=10)) == []
    failure = house.stored(key).failure
    assert failure is not None
    assert failure.code == "too_large"


async def test_an_upload_that_is_gone(house: House) -> None:
    key = house.announce(pages(1))
    message = house.arrived(key)
    house.uploads.files.clear()
    assert await house.deliver(message) == []
    failure = house.stored(key).failure
    assert failure is not None
    assert failure.code == "missing"


# ---- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ["", "{", "null", "[]", '{"Records": 5}', '{"Records": [{}]}', '{"remove": {}}', "[" * 50_000, '"x"']
)
async def test_a_message_that_says_nothing_is_for_the_dead_letters(house: House, body: str) -> None:
    key = house.announce(pages(1))
    assert await house.deliver(body, house.arrived(key)) == ["0"], "and the rest of its batch is done"
    assert house.stored(key).status == "ready"


async def test_s3_trying_the_queue_out_is_answered(house: House) -> None:
    said = '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads-of-ours"}'
    assert await house.deliver(said) == []


async def test_an_error_that_nobody_foresaw_takes_no_other_message_along(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = house.announce(pages(1))
    other = house.announce(pages(1), "other.md")
    claim = house.documents.claim

    def broken(asked: DocumentKey, *rest: Any, **named: Any) -> Any:
        if asked == key:
            raise ModelBusy("out of place")
        return claim(asked, *rest, **named)

    monkeypatch.setattr(house.documents, "claim", broken)
    assert await house.deliver(house.arrived(key), house.arrived(other)) == ["0"]
    assert house.stored(other).status == "ready"
