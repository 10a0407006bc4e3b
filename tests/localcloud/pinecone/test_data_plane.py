"""Every operation of the data plane, through the real client, asynchronous and synchronous."""

from __future__ import annotations

from typing import Any

import pytest
from pinecone import Field, SparseValues, Vector
from pinecone.errors import ApiError, ConflictError, NotFoundError

NORTH, EAST, NORTH_EAST = [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.0]
TENANT = "qinghe"


async def stock(index: Any, namespace: str = TENANT) -> None:
    """Three records: one page in English, two in Chinese."""
    answer = await index.upsert(
        vectors=[
            {"id": "refunds#0", "values": NORTH, "metadata": {"language": "en", "position": 0}},
            {"id": "refunds#1", "values": NORTH_EAST, "metadata": {"language": "zh", "position": 1}},
            {"id": "shipping#0", "values": EAST, "metadata": {"language": "zh", "position": 0, "tags": ["a", "b"]}},
        ],
        namespace=namespace,
    )
    assert answer.upserted_count == 3


def ids(answer: Any) -> list[str]:
    return [match.id for match in answer.matches]


async def listed(index: Any, **arguments: Any) -> list[str]:
    pages = await index.list(namespace=TENANT, **arguments)
    return [item.id for page in pages for item in page.vectors]


class TestQuery:
    async def test_gives_the_nearest_first_with_their_scores(self, index: Any) -> None:
        await stock(index)
        answer = await index.query(vector=NORTH, top_k=2, namespace=TENANT)
        assert [(match.id, match.score) for match in answer.matches] == [("refunds#0", 1.0), ("refunds#1", 0.8)]
        assert answer.namespace == TENANT
        assert answer.usage.read_units == 1

    async def test_leaves_out_values_and_metadata_unless_asked(self, index: Any) -> None:
        await stock(index)
        bare = await index.query(vector=EAST, top_k=1, namespace=TENANT)
        assert (bare.matches[0].values, bare.matches[0].metadata) == ([], None)
        full = await index.query(vector=EAST, top_k=1, namespace=TENANT, include_values=True, include_metadata=True)
        assert full.matches[0].values == EAST
        assert full.matches[0].metadata == {"language": "zh", "position": 0, "tags": ["a", "b"]}

    async def test_by_id_takes_the_vector_of_that_record(self, index: Any) -> None:
        await stock(index)
        assert ids(await index.query(id="shipping#0", top_k=2, namespace=TENANT)) == ["shipping#0", "refunds#1"]

    async def test_by_an_id_that_is_not_there_finds_nothing(self, index: Any) -> None:
        await stock(index)
        assert ids(await index.query(id="missing", top_k=2, namespace=TENANT)) == []

    async def test_by_filter(self, index: Any) -> None:
        await stock(index)
        chinese = (Field("language") == "zh") & Field("position").gte(1)
        answer = await index.query(vector=NORTH, top_k=3, namespace=TENANT, filter=chinese.to_dict())
        assert ids(answer) == ["refunds#1"]

    async def test_of_an_unknown_namespace_finds_nothing(self, index: Any) -> None:
        await stock(index)
        assert ids(await index.query(vector=NORTH, top_k=3, namespace="another-tenant")) == []

    async def test_never_sees_another_namespace(self, index: Any) -> None:
        await stock(index)
        await index.upsert(vectors=[("other", NORTH)], namespace="another-tenant")
        assert "other" not in ids(await index.query(vector=NORTH, top_k=10, namespace=TENANT))

    async def test_over_several_namespaces_merges_them(self, index: Any) -> None:
        await stock(index)
        await index.upsert(vectors=[("other", NORTH)], namespace="another-tenant")
        answer = await index.query_namespaces(
            vector=NORTH, namespaces=[TENANT, "another-tenant"], metric="cosine", top_k=2
        )
        assert {match.id for match in answer.matches} == {"refunds#0", "other"}

    async def test_with_a_zero_vector_is_answered(self, index: Any) -> None:
        await stock(index)
        answer = await index.query(vector=[0.0] * 4, top_k=3, namespace=TENANT)
        assert [match.score for match in answer.matches] == [0.0, 0.0, 0.0]


class TestSparse:
    TERMS = SparseValues(indices=[7, 4_294_967_295], values=[2.0, 1.0])

    async def test_a_hybrid_score_is_the_sum_of_both(self, hybrid: Any) -> None:
        await hybrid.upsert(
            vectors=[
                Vector("dense", [1.0, 0.0]),
                Vector("both", [0.5, 0.0], SparseValues(indices=[7, 9], values=[0.5, 8.0])),
            ]
        )
        answer = await hybrid.query(vector=[1.0, 0.0], sparse_vector=self.TERMS, top_k=2, include_values=True)
        assert [(match.id, match.score) for match in answer.matches] == [("both", 1.5), ("dense", 1.0)]
        assert answer.matches[0].sparse_values == SparseValues(indices=[7, 9], values=[0.5, 8.0])

    async def test_a_query_by_id_uses_both_vectors(self, hybrid: Any) -> None:
        await hybrid.upsert(vectors=[Vector("both", [3.0, 0.0], self.TERMS), Vector("dense", [2.0, 0.0])])
        answer = await hybrid.query(id="both", top_k=2)
        assert [(match.id, match.score) for match in answer.matches] == [("both", 14.0), ("dense", 6.0)]

    async def test_a_sparse_index_ranks_by_shared_terms(self, indexes: Any, open_index: Any) -> None:
        sparse = await open_index((await indexes.create(name="sparse", vector_type="sparse")).host)
        await sparse.upsert(
            vectors=[
                Vector("none", sparse_values=SparseValues(indices=[1], values=[5.0])),
                Vector("some", sparse_values=SparseValues(indices=[7], values=[0.25])),
            ]
        )
        answer = await sparse.query(sparse_vector=self.TERMS, top_k=5)
        assert [(match.id, match.score) for match in answer.matches] == [("some", 0.5), ("none", 0.0)]
        fetched = await sparse.fetch(ids=["some"])
        assert fetched.vectors["some"].values == []

    async def test_a_cosine_index_takes_none(self, index: Any) -> None:
        with pytest.raises(ApiError, match="does not support sparse values") as refused:
            await index.upsert(vectors=[Vector("both", NORTH, self.TERMS)])
        assert refused.value.status_code == 400

    async def test_a_dense_index_cannot_be_queried_with_sparse_values_alone(self, hybrid: Any) -> None:
        with pytest.raises(ApiError, match="only sparse vector"):
            await hybrid.query(sparse_vector=self.TERMS, top_k=1)


class TestUpsert:
    async def test_replaces_the_whole_record(self, index: Any) -> None:
        await stock(index)
        await index.upsert(vectors=[("refunds#0", EAST)], namespace=TENANT)
        record = (await index.fetch(ids=["refunds#0"], namespace=TENANT)).vectors["refunds#0"]
        assert (record.values, record.metadata) == (EAST, None)

    async def test_in_batches(self, index: Any) -> None:
        vectors = [(f"v{number}", [1.0, float(number), 0.0, 0.0]) for number in range(23)]
        answer = await index.upsert(vectors=vectors, namespace=TENANT, batch_size=10, show_progress=False)
        assert (answer.upserted_count, answer.total_batch_count) == (23, 3)
        assert len(await listed(index)) == 23

    async def test_stores_all_or_nothing(self, index: Any) -> None:
        with pytest.raises(ApiError):
            await index.upsert(vectors=[("good", NORTH), ("bad", [0.0, 0.0, 0.0, 0.0])], namespace=TENANT)
        assert await listed(index) == []

    async def test_gives_back_numbers_as_they_were_written(self, index: Any) -> None:
        await index.upsert(vectors=[("v", [0.1, -0.7, 1e-7, 3.0])])
        assert (await index.fetch(ids=["v"])).vectors["v"].values == [0.1, -0.7, 1e-7, 3.0]

    async def test_drops_nulls_and_makes_integers_floats(self, index: Any) -> None:
        metadata = {"position": 3, "gone": None, "题目": "退款", "flag": True, "tags": []}
        await index.upsert(vectors=[{"id": "v", "values": NORTH, "metadata": metadata}])
        stored = (await index.fetch(ids=["v"])).vectors["v"].metadata
        assert stored == {"position": 3.0, "题目": "退款", "flag": True, "tags": []}
        assert isinstance(stored["position"], float)


class TestFetch:
    async def test_leaves_out_what_is_not_there(self, index: Any) -> None:
        await stock(index)
        answer = await index.fetch(ids=["shipping#0", "missing"], namespace=TENANT)
        assert set(answer.vectors) == {"shipping#0"}
        assert answer.namespace == TENANT

    async def test_by_metadata_pages_in_the_order_of_ids(self, index: Any) -> None:
        await stock(index)
        chinese = {"language": "zh"}
        first = await index.fetch_by_metadata(filter=chinese, namespace=TENANT, limit=1)
        assert list(first.vectors) == ["refunds#1"]
        second = await index.fetch_by_metadata(
            filter=chinese, namespace=TENANT, limit=1, pagination_token=first.pagination.next
        )
        assert list(second.vectors) == ["shipping#0"]
        assert second.vectors["shipping#0"].values == EAST
        assert second.pagination is None


class TestList:
    async def test_gives_sorted_ids_page_by_page(self, index: Any) -> None:
        await stock(index)
        first = await index.list_paginated(namespace=TENANT, limit=2)
        assert [item.id for item in first.vectors] == ["refunds#0", "refunds#1"]
        assert first.namespace == TENANT
        last = await index.list_paginated(namespace=TENANT, limit=2, pagination_token=first.pagination.next)
        assert [item.id for item in last.vectors] == ["shipping#0"]
        assert last.pagination is None

    async def test_by_prefix(self, index: Any) -> None:
        await stock(index)
        assert await listed(index, prefix="refunds#", limit=1) == ["refunds#0", "refunds#1"]
        assert await listed(index, prefix="zzz") == []

    async def test_of_an_unknown_namespace_is_empty(self, index: Any) -> None:
        assert await listed(index) == []

    async def test_refuses_a_token_that_it_never_gave(self, index: Any) -> None:
        with pytest.raises(ApiError, match="pagination token"):
            await index.list_paginated(namespace=TENANT, pagination_token="你好")


class TestDelete:
    async def test_by_id_ignores_what_is_not_there(self, index: Any) -> None:
        await stock(index)
        await index.delete(ids=["refunds#0", "missing"], namespace=TENANT)
        assert await listed(index) == ["refunds#1", "shipping#0"]
        assert ids(await index.query(vector=NORTH, top_k=3, namespace=TENANT)) == ["refunds#1", "shipping#0"]

    async def test_by_filter(self, index: Any) -> None:
        await stock(index)
        await index.delete(filter={"language": {"$eq": "zh"}}, namespace=TENANT)
        assert await listed(index) == ["refunds#0"]

    async def test_all_leaves_the_namespace(self, index: Any) -> None:
        await stock(index)
        await index.delete(delete_all=True, namespace=TENANT)
        assert await listed(index) == []
        assert (await index.describe_namespace(name=TENANT)).record_count == 0

    async def test_in_an_unknown_namespace_is_not_found(self, index: Any) -> None:
        with pytest.raises(NotFoundError, match="Namespace not found"):
            await index.delete(ids=["v"], namespace=TENANT)

    async def test_in_the_default_namespace_is_never_an_error(self, index: Any) -> None:
        await index.delete(ids=["v"])
        await index.delete(delete_all=True)
        await index.upsert(vectors=[("v", NORTH)])
        assert (await index.fetch(ids=["v"])).vectors


class TestUpdate:
    async def test_by_id_changes_only_what_is_given(self, index: Any) -> None:
        await stock(index)
        answer = await index.update(id="refunds#0", values=EAST, set_metadata={"reviewed": True}, namespace=TENANT)
        assert answer.matched_records is None
        record = (await index.fetch(ids=["refunds#0"], namespace=TENANT)).vectors["refunds#0"]
        assert record.values == EAST
        assert record.metadata == {"language": "en", "position": 0, "reviewed": True}

    async def test_sparse_values_by_id(self, hybrid: Any) -> None:
        await hybrid.upsert(vectors=[("v", [1.0, 0.0])])
        await hybrid.update(id="v", sparse_values={"indices": [3], "values": [1.5]})
        answer = await hybrid.query(vector=[1.0, 0.0], sparse_vector={"indices": [3], "values": [2.0]}, top_k=1)
        assert answer.matches[0].score == 4.0

    async def test_of_an_unknown_id_changes_nothing(self, index: Any) -> None:
        await stock(index)
        await index.update(id="missing", set_metadata={"x": 1}, namespace=TENANT)
        assert "missing" not in await listed(index)

    async def test_by_filter_counts_and_changes_metadata(self, index: Any) -> None:
        await stock(index)
        chinese = {"language": "zh"}
        rehearsal = await index.update(filter=chinese, set_metadata={"seen": 1}, namespace=TENANT, dry_run=True)
        assert rehearsal.matched_records == 2
        assert not (await index.fetch_by_metadata(filter={"seen": 1}, namespace=TENANT)).vectors
        answer = await index.update(filter=chinese, set_metadata={"seen": 1}, namespace=TENANT)
        assert answer.matched_records == 2
        seen = await index.fetch_by_metadata(filter={"seen": 1}, namespace=TENANT)
        assert set(seen.vectors) == {"refunds#1", "shipping#0"}
        assert seen.vectors["shipping#0"].values == EAST


class TestStats:
    async def test_count_records_by_namespace(self, index: Any) -> None:
        await stock(index)
        await index.upsert(vectors=[("v", NORTH)])
        stats = await index.describe_index_stats()
        assert {name: summary.vector_count for name, summary in stats.namespaces.items()} == {
            "__default__": 1,
            TENANT: 3,
        }
        assert (stats.total_vector_count, stats.dimension, stats.metric, stats.vector_type) == (4, 4, "cosine", "dense")

    async def test_count_those_that_match_a_filter(self, index: Any) -> None:
        await stock(index)
        stats = await index.describe_index_stats(filter={"language": "zh"})
        assert (stats.total_vector_count, stats.namespaces[TENANT].vector_count) == (2, 2)


class TestNamespaces:
    async def test_are_made_by_the_first_upsert_and_listed_in_pages(self, index: Any) -> None:
        for tenant in ("beta", "alpha", "alpine"):
            await index.upsert(vectors=[("v", NORTH)], namespace=tenant)
        first = await index.list_namespaces_paginated(limit=2)
        assert [namespace.name for namespace in first.namespaces] == ["alpha", "alpine"]
        assert first.total_count == 3
        pages = await index.list_namespaces(prefix="alp", limit=1)
        assert [namespace.name for page in pages for namespace in page.namespaces] == ["alpha", "alpine"]

    async def test_can_be_made_empty_with_the_fields_to_filter_by(self, index: Any) -> None:
        made = await index.create_namespace(name="movies", schema={"fields": {"genre": {"filterable": True}}})
        assert (made.name, made.record_count, made.indexed_fields.fields) == ("movies", 0, ["genre"])
        assert (await index.describe_namespace(name="movies")).schema.fields["genre"].filterable
        with pytest.raises(ConflictError):
            await index.create_namespace(name="movies")

    async def test_tell_their_records_and_size(self, index: Any) -> None:
        await stock(index)
        facts = await index.describe_namespace(name=TENANT)
        assert facts.record_count == 3
        assert facts.size_bytes > 3 * 4 * 4

    async def test_are_deleted_with_their_records(self, index: Any) -> None:
        await stock(index)
        await index.delete_namespace(name=TENANT)
        with pytest.raises(NotFoundError):
            await index.describe_namespace(name=TENANT)
        with pytest.raises(NotFoundError):
            await index.delete_namespace(name=TENANT)
        assert await listed(index) == []

    async def test_the_default_one_goes_by_two_names(self, index: Any) -> None:
        assert (await index.describe_namespace(name="__default__")).record_count == 0
        await index.upsert(vectors=[("v", NORTH)])
        assert ids(await index.query(vector=NORTH, top_k=1, namespace="__default__")) == ["v"]
        assert (await index.describe_namespace(name="__default__")).record_count == 1

    @pytest.mark.parametrize("name", ["a/b", ".", "..", "100%", "a b?c#d"])
    async def test_may_have_any_ascii_name(self, index: Any, name: str) -> None:
        await index.upsert(vectors=[("v", NORTH)], namespace=name)
        assert (await index.describe_namespace(name=name)).record_count == 1
        await index.delete_namespace(name=name)
