"""The contract of a vector index: one suite over the one in memory and Pinecone, spoken to by the real client."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.builders import passage
from thinkaloud.knowledge.index import IndexQuery, PassageVector, SparseVector, VectorIndex

WORDLESS = SparseVector((), ())


def towards(degrees: float, sparse: SparseVector = WORDLESS) -> PassageVector:
    """A vector of length 1; the nearer two angles, the nearer the vectors."""
    angle = math.radians(degrees)
    return PassageVector([math.cos(angle), math.sin(angle), 0.0, 0.0], sparse)


def near(
    degrees: float, top_k: int = 10, sparse: SparseVector = WORDLESS, filter_: dict[str, Any] | None = None
) -> IndexQuery:
    return IndexQuery(towards(degrees).dense, sparse, top_k, filter_)


async def test_the_nearest_passages_come_first(index: VectorIndex, tenant: str) -> None:
    angles = [70.0, 10.0, 40.0]
    stored = [passage(f"{angle}°", position=number) for number, angle in enumerate(angles)]
    await index.upsert(tenant, stored, [towards(angle) for angle in angles])
    matches = await index.query(tenant, near(0.0, 10))
    assert [match.passage.text for match in matches] == ["10.0°", "40.0°", "70.0°"]
    expected = [math.cos(math.radians(angle)) for angle in sorted(angles)]
    assert [match.score for match in matches] == pytest.approx(expected, abs=1e-4)


async def test_at_most_top_k_passages_come(index: VectorIndex, tenant: str) -> None:
    stored = [passage(position=number) for number in range(9)]
    await index.upsert(tenant, stored, [towards(10.0 * number) for number in range(9)])
    assert [match.passage.position for match in await index.query(tenant, near(0.0, 4))] == [0, 1, 2, 3]


async def test_a_passage_comes_back_as_it_went(index: VectorIndex, tenant: str) -> None:
    stored = passage(
        '员工有十四天年假。👍\n\n"quoted" \\ <tag> \u2028',
        document="0" * 32,
        position=2**31,
        title="年假",
        uri="handbook/zh/年 假.md",
        media="text/plain",
        section="",
        language="zh",
    )
    await index.upsert(tenant, [stored], [towards(0.0)])
    (match,) = await index.query(tenant, near(0.0, 1))
    assert match.passage == stored
    assert type(match.passage.position) is int


async def test_tenants_never_see_each_other(index: VectorIndex, tenant: str) -> None:
    theirs = f"{tenant}-of-others"
    await index.upsert(tenant, [passage("Ours.")], [towards(0.0)])
    await index.upsert(theirs, [passage("Theirs.")], [towards(0.0)])
    assert [match.passage.text for match in await index.query(tenant, near(0.0, 10))] == ["Ours."]
    await index.delete(theirs, await index.ids(theirs, "d0c5"))
    assert await index.ids(theirs, "d0c5") == []
    assert await index.ids(tenant, "d0c5") == [passage().id]


async def test_a_tenant_without_documents_finds_nothing(index: VectorIndex, tenant: str) -> None:
    assert await index.query(tenant, near(0.0, 5)) == []
    assert await index.ids(tenant, "d0c5") == []


async def test_the_same_id_again_replaces_what_was_there(index: VectorIndex, tenant: str) -> None:
    await index.upsert(tenant, [passage("Before.")], [towards(90.0)])
    await index.upsert(tenant, [passage("After.")], [towards(0.0)])
    (match,) = await index.query(tenant, near(0.0, 10))
    assert match.passage.text == "After."
    assert match.score == pytest.approx(1.0, abs=1e-4)


async def test_ids_are_those_of_one_document_alone(index: VectorIndex, tenant: str) -> None:
    stored = [passage(document=document, position=number) for document in ("d0", "d0c5") for number in range(2)]
    await index.upsert(tenant, stored, [towards(0.0)] * 4)
    assert sorted(await index.ids(tenant, "d0")) == ["d0#0#f1f2", "d0#1#f1f2"]


async def test_a_long_document_is_stored_listed_and_deleted_whole(index: VectorIndex, tenant: str) -> None:
    stored = [passage(f"Passage {number}.", position=number) for number in range(450)]
    await index.upsert(tenant, stored, [towards(0.0)] * 450)
    ids = await index.ids(tenant, "d0c5")
    assert sorted(ids) == sorted(each.id for each in stored)
    await index.delete(tenant, ids[:449])
    assert await index.ids(tenant, "d0c5") == ids[449:]


async def test_what_is_not_there_is_deleted_all_the_same(index: VectorIndex, tenant: str) -> None:
    await index.upsert(tenant, [passage()], [towards(0.0)])
    await index.delete(tenant, ["d0c5#7#none"])
    await index.delete(tenant, [])
    assert len(await index.ids(tenant, "d0c5")) == 1


async def test_nothing_can_be_stored(index: VectorIndex, tenant: str) -> None:
    await index.upsert(tenant, [], [])
    assert await index.query(tenant, near(0.0, 5)) == []


async def test_a_passage_without_a_vector_is_a_fault_of_the_caller(index: VectorIndex, tenant: str) -> None:
    with pytest.raises(ValueError, match="shorter"):
        await index.upsert(tenant, [passage(), passage(position=1)], [towards(0.0)])


async def test_words_count_beside_meaning(index: VectorIndex, tenant: str) -> None:
    stored = [passage(f"Passage {number}.", position=number) for number in range(3)]
    vectors = [
        towards(0.0),
        towards(60.0, SparseVector((7, 4_294_967_295), (0.5, 2.0))),
        towards(60.0, SparseVector((8,), (9.0,))),
    ]
    await index.upsert(tenant, stored, vectors)
    matches = await index.query(tenant, near(0.0, 3, SparseVector((7, 4_294_967_295), (0.5, 0.25))))
    assert [match.passage.position for match in matches] == [1, 0, 2]
    assert [match.score for match in matches] == pytest.approx([0.5 + 0.25 + 0.5, 1.0, 0.5], abs=1e-4)


async def test_vectors_can_be_fetched(index: VectorIndex, tenant: str) -> None:
    stored = [passage(position=number) for number in range(230)]
    sparse = SparseVector((7, 4_294_967_295), (0.5, 2.0))
    await index.upsert(tenant, stored, [towards(0.0, sparse), *[towards(90.0)] * 229])
    found = await index.fetch(tenant, [*(each.id for each in stored), "d0c5#999#none"])
    assert found.keys() == {each.id for each in stored}
    first = found[stored[0].id]
    assert list(first.dense) == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-6)
    assert first.sparse == sparse
    assert found[stored[1].id].sparse == WORDLESS
    assert await index.fetch(tenant, []) == {}


async def test_all_ids_of_a_tenant(index: VectorIndex, tenant: str) -> None:
    stored = [passage(document=document) for document in ("d0", "d0c5")]
    await index.upsert(tenant, stored, [towards(0.0)] * 2)
    assert sorted(await index.ids(tenant)) == sorted(each.id for each in stored)


async def test_a_passage_keeps_its_place_and_its_metadata(index: VectorIndex, tenant: str) -> None:
    stored = passage(page=7, start=120, end=480, metadata={"department": "财务", "year": 2026, "tags": ["a", "b"]})
    await index.upsert(tenant, [stored], [towards(0.0)])
    (match,) = await index.query(tenant, near(0.0))
    assert match.passage == stored
    assert [type(match.passage.page), type(match.passage.start)] == [int, int]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2]),
        ({"department": "hr"}, [0]),
        ({"department": {"$eq": "hr"}, "year": {"$gte": 2025}}, [0]),
        ({"department": {"$ne": "hr"}}, [1, 2]),
        ({"department": {"$in": ["hr", "finance"]}}, [0, 1]),
        ({"department": {"$nin": ["hr"]}}, [1, 2]),
        ({"year": {"$gt": 2024}}, [0]),
        ({"year": {"$lte": 2024}}, [1]),
        ({"tags": "b"}, [1]),
        ({"department": {"$exists": False}}, [2]),
        ({"$or": [{"department": "hr"}, {"$and": [{"language": "zh"}, {"position": 2}]}]}, [0, 2]),
        ({"language": "fr"}, []),
    ],
)
async def test_a_filter_restricts_what_is_found(
    index: VectorIndex, tenant: str, asked: dict[str, Any], found: list[int]
) -> None:
    stored = [
        passage(position=0, metadata={"department": "hr", "year": 2026}),
        passage(position=1, metadata={"department": "finance", "year": 2024, "tags": ["a", "b"]}),
        passage(position=2, language="zh"),
    ]
    await index.upsert(tenant, stored, [towards(10.0 * number) for number in range(3)])
    matches = await index.query(tenant, near(0.0, filter_=asked))
    assert [match.passage.position for match in matches] == found


async def test_a_large_batch_is_stored_in_as_many_requests_as_it_takes(index: VectorIndex, tenant: str) -> None:
    stored = [passage("文" * 12_000, position=number) for number in range(70)]
    await index.upsert(tenant, stored, [towards(0.0)] * 70)
    assert len(await index.ids(tenant)) == 70
