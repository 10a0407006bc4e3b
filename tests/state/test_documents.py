"""The contract of the register of documents: one suite over the versions in memory and in DynamoDB."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import NOW
from thinkaloud.errors import DocumentBusy, LeaseLost, UnknownDocument
from thinkaloud.state.documents import Announced, DocumentKey, DocumentStore, Failure, StoredDocument
from thinkaloud.state.dynamo_documents import DynamoDocuments
from thinkaloud.state.memory_documents import MemoryDocuments

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = DocumentKey("qinghe", "0123456789abcdef0123456789abcdef")
ANNOUNCED = Announced(
    name="员工手册/returns.md",
    media="text/markdown",
    bytes=2_048,
    user="林小青",
    upload_until=NOW + 900,
    metadata={"team": "客服", "year": 2025, "share": 0.25, "public": True, "tags": ["a", "b"], "big": 1e200},
)
LEASE = 30.0


@pytest.fixture(params=["memory", "dynamodb"])
def documents(request: pytest.FixtureRequest) -> DocumentStore:
    if request.param == "memory":
        return MemoryDocuments()
    return DynamoDocuments(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


def claimed(documents: DocumentStore, version: int = 1, now: float = NOW + 1, **how: Any) -> StoredDocument:
    claim = documents.claim(KEY, version, now, LEASE, **how)
    assert claim.outcome == "taken"
    assert claim.document is not None
    return claim.document


def outcome(documents: DocumentStore, version: int, now: float = NOW + 2, **how: Any) -> str:
    return documents.claim(KEY, version, now, LEASE, **how).outcome


# ---- announcing ------------------------------------------------------------------------------------------------------


def test_a_document_comes_back_as_it_was_announced(documents: DocumentStore) -> None:
    stored = documents.announce(KEY, ANNOUNCED, NOW)
    assert stored == StoredDocument(KEY, ANNOUNCED, 1, "waiting", NOW, NOW)
    assert documents.get(KEY) == stored


def test_the_same_document_again_is_its_next_version(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    documents.finish(claimed(documents), NOW + 5, 12)
    again = documents.announce(KEY, replace(ANNOUNCED, bytes=4_096), NOW + 9)
    assert (again.version, again.status, again.announced.bytes) == (2, "waiting", 4_096)
    assert (again.created_at, again.updated_at) == (NOW, NOW + 9)
    assert again.chunks == 12, "the version before is still found"


def test_many_announcements_at_once_are_as_many_versions(documents: DocumentStore) -> None:
    together = threading.Barrier(8)

    def announce(_: int) -> int:
        together.wait()
        return documents.announce(KEY, ANNOUNCED, NOW).version

    with ThreadPoolExecutor(8) as people:
        assert sorted(people.map(announce, range(8))) == list(range(1, 9))


def test_what_is_to_be_replaced_must_be_there(documents: DocumentStore) -> None:
    with pytest.raises(UnknownDocument):
        documents.announce(KEY, ANNOUNCED, NOW, known=True)
    assert documents.get(KEY) is None
    documents.announce(KEY, ANNOUNCED, NOW)
    assert documents.announce(KEY, ANNOUNCED, NOW, known=True).version == 2


def test_a_tenant_sees_its_own_documents_page_by_page(documents: DocumentStore) -> None:
    ids = [f"{number:032x}" for number in (3, 1, 2)]
    for each in ids:
        documents.announce(DocumentKey("qinghe", each), ANNOUNCED, NOW)
    documents.announce(DocumentKey("green-mountain", ids[0]), ANNOUNCED, NOW)
    first = documents.page("qinghe", 2)
    assert [each.key.document for each in first] == sorted(ids)[:2]
    rest = documents.page("qinghe", 2, first[-1].key.document)
    assert [each.key.document for each in rest] == sorted(ids)[2:]
    assert documents.page("qinghe", 2, max(ids)) == []
    assert documents.page("nobody", 2) == []
    assert documents.get(DocumentKey("green-mountain", ids[1])) is None


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_of_twenty_deliveries_one_gets_the_work(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    together = threading.Barrier(20)

    def claim(_: int) -> str:
        together.wait()
        return outcome(documents, 1)

    with ThreadPoolExecutor(20) as workers:
        outcomes = list(workers.map(claim, range(20)))
    assert sorted(outcomes) == ["held"] * 19 + ["taken"]


def test_from_claim_to_ready(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    mine = claimed(documents)
    assert (mine.status, mine.fence, mine.attempts) == ("reading", 1, 1)
    documents.renew(mine, NOW + 10, LEASE, 64)
    found = documents.get(KEY)
    assert found is not None
    assert (found.done, found.lease_until) == (64, NOW + 10 + LEASE)
    documents.finish(mine, NOW + 20, 100)
    found = documents.get(KEY)
    assert found is not None
    assert (found.status, found.chunks, found.done, found.failure) == ("ready", 100, 100, None)
    assert outcome(documents, 1) == "over"


def test_a_failure_is_kept_and_cleared_by_the_next_version(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    documents.fail(claimed(documents), NOW + 5, Failure("scanned", "只有图片"))
    found = documents.get(KEY)
    assert found is not None
    assert (found.status, found.failure) == ("failed", Failure("scanned", "只有图片"))
    assert outcome(documents, 1) == "over"
    assert documents.announce(KEY, ANNOUNCED, NOW + 9).failure is None


def test_what_a_dead_worker_left_is_taken_once_its_lease_is_over(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    dead = claimed(documents)
    assert outcome(documents, 1, NOW + 1 + LEASE) == "held"
    next_one = claimed(documents, now=NOW + 2 + LEASE)
    assert (next_one.fence, next_one.attempts) == (2, 2)
    for write in (
        lambda: documents.renew(dead, NOW + 40, LEASE, 1),
        lambda: documents.finish(dead, NOW + 40, 1),
        lambda: documents.fail(dead, NOW + 40, Failure("broken", "")),
        lambda: documents.put_back(dead, NOW + 40),
        lambda: documents.forget(dead),
    ):
        with pytest.raises(LeaseLost):
            write()
    documents.let_go(dead)
    assert outcome(documents, 1, NOW + 41) == "held"


def test_work_that_is_put_back_waits_for_nobody(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    documents.put_back(claimed(documents), NOW + 3)
    found = documents.get(KEY)
    assert found is not None
    assert found.status == "queued"
    assert claimed(documents, now=NOW + 3).attempts == 2


def test_an_older_version_never_writes_over_a_newer_one(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    older = claimed(documents)
    documents.announce(KEY, ANNOUNCED, NOW + 2)
    with pytest.raises(LeaseLost):
        documents.renew(older, NOW + 3, LEASE, 1)
    with pytest.raises(LeaseLost):
        documents.finish(older, NOW + 3, 1)
    assert outcome(documents, 1) == "superseded"
    assert outcome(documents, 2) == "held", "until whoever writes the older one has stopped"
    documents.let_go(older)
    assert claimed(documents, 2, NOW + 4).attempts == 1


def test_nobody_announced_it(documents: DocumentStore) -> None:
    assert outcome(documents, 1) == "unknown"
    documents.announce(KEY, ANNOUNCED, NOW)
    assert outcome(documents, 2) == "unknown"
    assert outcome(documents, 1, removing=True) == "superseded"


# ---- removing --------------------------------------------------------------------------------------------------------


def test_a_deletion_wins_over_what_is_under_way(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    reading = claimed(documents)
    removed = documents.remove(KEY, NOW + 2)
    assert (removed.status, removed.version) == ("deleting", 2)
    with pytest.raises(LeaseLost):
        documents.finish(reading, NOW + 3, 5)
    assert outcome(documents, 1) == "superseded"
    assert outcome(documents, 2) == "superseded", "a deletion is no version to read"
    assert outcome(documents, 2, removing=True) == "held"
    documents.let_go(reading)
    documents.forget(claimed(documents, 2, NOW + 4, removing=True))
    assert documents.get(KEY) is None
    assert outcome(documents, 2, removing=True) == "unknown"


def test_a_deletion_twice_is_one(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    documents.remove(KEY, NOW + 1)
    documents.put_back(claimed(documents, 2, removing=True), NOW + 2)
    again = documents.remove(KEY, NOW + 3)
    assert (again.status, again.version, again.attempts) == ("deleting", 2, 0)


def test_a_document_that_is_being_deleted_cannot_be_announced(documents: DocumentStore) -> None:
    documents.announce(KEY, ANNOUNCED, NOW)
    documents.remove(KEY, NOW + 1)
    for known in (False, True):
        with pytest.raises(DocumentBusy):
            documents.announce(KEY, ANNOUNCED, NOW + 2, known=known)


def test_what_is_not_there_cannot_be_removed(documents: DocumentStore) -> None:
    with pytest.raises(UnknownDocument):
        documents.remove(KEY, NOW)
    assert documents.get(KEY) is None


# ---- the item in the table -------------------------------------------------------------------------------------------


def test_the_item_of_a_document(dynamodb: DynamoDBClient, table: str) -> None:
    documents = DynamoDocuments(dynamodb, table)
    documents.announce(KEY, replace(ANNOUNCED, metadata={"team": "客服"}), NOW)
    (item,) = dynamodb.scan(TableName=table)["Items"]
    assert item == {
        "pk": {"S": "qinghe#DOCUMENTS"},
        "sk": {"S": "DOCUMENT#0123456789abcdef0123456789abcdef"},
        "version": {"N": "1"},
        "status": {"S": "waiting"},
        "name": {"S": "员工手册/returns.md"},
        "media": {"S": "text/markdown"},
        "bytes": {"N": "2048"},
        "user": {"S": "林小青"},
        "metadata": {"S": '{"team": "客服"}'},
        "upload_until": {"N": "1763631900.25"},
        "created_at": {"N": "1763631000.25"},
        "updated_at": {"N": "1763631000.25"},
        "done": {"N": "0"},
        "attempts": {"N": "0"},
    }
