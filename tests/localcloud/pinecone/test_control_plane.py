"""Creating, describing, configuring and deleting indexes, through the real client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pinecone.errors import ApiError, ConflictError, ForbiddenError, NotFoundError

from .conftest import AllAwaitable

if TYPE_CHECKING:
    from localcloud.pinecone.server import PineconeServer

MANAGED = {"deployment_type": "managed", "cloud": "gcp", "region": "us-central1"}
DENSE = {"type": "dense_vector", "dimension": 3, "metric": "euclidean"}


async def test_a_created_index_is_ready_and_says_what_it_is(indexes: Any, server: PineconeServer) -> None:
    made = await indexes.create(
        name="movies", schema={"fields": {"_values": DENSE}}, deployment=MANAGED, tags={"team": "search"}
    )
    assert made.status.ready
    assert (made.dimension, made.metric, made.vector_type) == (3, "euclidean", "dense")
    assert (made.deployment.cloud, made.deployment.region) == ("gcp", "us-central1")
    assert made.tags == {"team": "search"}
    assert made.deletion_protection == "disabled"
    assert made.host == f"{server.url}/data/movies"
    assert await indexes.describe("movies") == made


async def test_the_deprecated_keywords_make_the_same(indexes: Any) -> None:
    made = await indexes.create(
        name="movies", dimension=3, spec={"serverless": {"cloud": "aws", "region": "eu-west-1"}}
    )
    assert (made.dimension, made.metric, made.spec.serverless.region) == (3, "cosine", "eu-west-1")


async def test_an_index_without_a_name_is_given_one(indexes: Any) -> None:
    made = await indexes.create(schema={"fields": {"_values": DENSE}})
    assert await indexes.exists(made.name)


async def test_a_hybrid_index_declares_both_fields(indexes: Any, open_index: Any) -> None:
    fields = {"_values": DENSE | {"metric": "dotproduct"}, "_sparse_values": {"type": "sparse_vector"}}
    made = await indexes.create(name="hybrid", schema={"fields": fields})
    assert set(made.schema.fields) == {"_values", "_sparse_values"}
    index = await open_index(made.host)
    await index.upsert(vectors=[{"id": "v", "values": [1, 2, 3], "sparse_values": {"indices": [1], "values": [0.5]}}])
    assert (await index.fetch(ids=["v"])).vectors["v"].sparse_values.indices == [1]


async def test_an_index_is_reached_by_its_name(client: Any, indexes: Any) -> None:
    await indexes.create(name="movies", dimension=2)
    index = await AllAwaitable(client).index(name="movies")
    assert (await AllAwaitable(index).describe_index_stats()).dimension == 2
    await AllAwaitable(index).close()


async def test_lists_every_index_by_name(indexes: Any) -> None:
    for name in ("movies", "books"):
        await indexes.create(name=name, dimension=2)
    assert [model.name for model in await indexes.list()] == ["books", "movies"]


async def test_indexes_hold_their_own_records(indexes: Any, open_index: Any) -> None:
    books, movies = [
        await open_index((await indexes.create(name=name, dimension=2)).host) for name in ("books", "movies")
    ]
    await books.upsert(vectors=[("v", [1, 0])])
    assert not (await movies.fetch(ids=["v"])).vectors


async def test_configuring_changes_tags_and_protection(indexes: Any) -> None:
    await indexes.create(name="movies", dimension=2, tags={"team": "search", "stage": "dev"})
    changed = await indexes.configure("movies", tags={"team": "", "owner": "you"}, deletion_protection="enabled")
    assert changed.tags == {"stage": "dev", "owner": "you"}
    assert (await indexes.describe("movies")).deletion_protection == "enabled"


async def test_a_protected_index_is_not_deleted(indexes: Any) -> None:
    await indexes.create(name="movies", dimension=2, deletion_protection="enabled")
    with pytest.raises(ForbiddenError, match="Deletion protection is enabled"):
        await indexes.delete("movies")
    await indexes.configure("movies", deletion_protection="disabled")
    await indexes.delete("movies")
    assert not await indexes.exists("movies")


async def test_a_deleted_index_is_gone_with_its_records(indexes: Any, open_index: Any) -> None:
    for _ in range(2):
        index = await open_index((await indexes.create(name="movies", dimension=2)).host)
        assert (await index.describe_index_stats()).total_vector_count == 0
        await index.upsert(vectors=[("v", [1, 0])])
        await indexes.delete("movies")
    with pytest.raises(NotFoundError, match="Index movies not found"):
        await index.upsert(vectors=[("v", [1, 0])])


async def test_a_name_that_is_taken_is_a_conflict(indexes: Any) -> None:
    await indexes.create(name="movies", dimension=2)
    with pytest.raises(ConflictError) as refused:
        await indexes.create(name="movies", dimension=2)
    assert refused.value.error_code == "ALREADY_EXISTS"


@pytest.mark.parametrize("operation", ["describe", "delete"])
async def test_an_unknown_index_is_not_found(indexes: Any, operation: str) -> None:
    with pytest.raises(NotFoundError, match="Index nothing not found") as refused:
        await getattr(indexes, operation)("nothing")
    assert refused.value.error_code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("declaration", "status", "message"),
    [
        ({"schema": {"fields": {"embedding": DENSE}}}, 422, "embedding"),
        ({"schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 3}}}}, 422, "_values.metric"),
        ({"dimension": 20_001}, 422, "dimension"),
        ({"dimension": 2, "deployment": {"deployment_type": "byoc", "environment": "here"}}, 422, "deployment"),
        ({"dimension": 2, "cmek_id": "key"}, 422, "cmek_id"),
        (
            {"schema": {"fields": {"_values": DENSE, "_sparse_values": {"type": "sparse_vector"}}}},
            422,
            "must use the dotproduct metric",
        ),
    ],
)
async def test_refuses_what_it_cannot_serve(
    indexes: Any, declaration: dict[str, Any], status: int, message: str
) -> None:
    with pytest.raises(ApiError, match=message) as refused:
        await indexes.create(name="movies", **declaration)
    assert refused.value.status_code == status
    assert not await indexes.exists("movies")


@pytest.mark.parametrize("name", ["../movies", "Movies", "-movies", "m" * 46, ""])
async def test_a_name_that_could_not_be_a_file_is_refused(server: PineconeServer, name: str) -> None:
    body = {"name": name, "schema": {"fields": {"_values": DENSE}}}
    async with httpx.AsyncClient(base_url=server.url, headers={"Api-Key": "local"}) as http:
        answer = await http.post("/indexes", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_ARGUMENT")
        empty = await http.post("/indexes", json={"name": "movies", "schema": {"fields": {}}})
        assert (empty.status_code, empty.json()["error"]["code"]) == (422, "UNPROCESSABLE_ENTITY")
