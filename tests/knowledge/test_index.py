"""The contract of a vector index: one suite over the one in memory and Pinecone, spoken to by the real client."""

from __future__ import annotations

import math

import pytest

from tests.builders import passage
from thinkaloud.knowledge.index import VectorIndex


def towards(degrees: float) -> list[float]:
    """A vector of length 1; the nearer two angles, the nearer the vectors."""
    angle = math.radians(degrees)
    return [math.cos(angle), math.sin(angle), 0.0, 0.0]


async def test_the_nearest_passages_come_first(index: VectorIndex, tenant: str) -> None:
    angles = [70.0, 10.0, 40.0]
    stored = [passage(f"{angle}°", position=number) for number, angle in enumerate(angles)]
    await index.upsert(tenant, stored, [towards(angle) for angle in angles])
    matches = await index.query(tenant, towards(0.0), top_k=10)
    assert [match.passage.text for match in matches] == ["10.0°", "40.0°", "70.0°"]
    expected = [math.cos(math.radians(angle)) for angle in sorted(angles)]
    assert [match.score for match in matches] == pytest.approx(expected, abs=1e-4)


async def test_at_most_top_k_passages_come(index: VectorIndex, tenant: str) -> None:
    stored = [passage(position=number) for number in range(9)]
    await index.upsert(tenant, stored, [towards(10.0 * number) for number in range(9)])
    assert [match.passage.position for match in await index.query(tenant, towards(0.0), top_k=4)] == [0, 1, 2, 3]


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
    (match,) = await index.query(tenant, towards(0.0), top_k=1)
    assert match.passage == stored
    assert type(match.passage.position) is int


async def test_tenants_never_see_each_other(index: VectorIndex, tenant: str) -> None:
    theirs = f"{tenant}-of-others"
    await index.upsert(tenant, [passage("Ours.")], [towards(0.0)])
    await index.upsert(theirs, [passage("Theirs.")], [towards(0.0)])
    assert [match.passage.text for match in await index.query(tenant, towards(0.0), 10)] == ["Ours."]
    await index.delete(theirs, await index.ids(theirs, "d0c5"))
    assert await index.ids(theirs, "d0c5") == []
    assert await index.ids(tenant, "d0c5") == [passage().id]


async def test_a_tenant_without_documents_finds_nothing(index: VectorIndex, tenant: str) -> None:
    assert await index.query(tenant, towards(0.0), top_k=5) == []
    assert await index.ids(tenant, "d0c5") == []


async def test_the_same_id_again_replaces_what_was_there(index: VectorIndex, tenant: str) -> None:
    await index.upsert(tenant, [passage("Before.")], [towards(90.0)])
    await index.upsert(tenant, [passage("After.")], [towards(0.0)])
    (match,) = await index.query(tenant, towards(0.0), top_k=10)
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
    assert await index.query(tenant, towards(0.0), top_k=5) == []


async def test_a_passage_without_a_vector_is_a_fault_of_the_caller(index: VectorIndex, tenant: str) -> None:
    with pytest.raises(ValueError, match="shorter"):
        await index.upsert(tenant, [passage(), passage(position=1)], [towards(0.0)])
