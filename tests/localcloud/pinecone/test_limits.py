"""The service's limits: what is over them is refused with its status, its shape and, where known, its words."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from pinecone.errors import ApiError

from localcloud.pinecone.server import MAX_BODY_BYTES

UNIT = [1.0, 0.0, 0.0, 0.0]


async def refused(call: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await call
    return caught.value


async def post(host: str, path: str, body: Any) -> httpx.Response:
    """A request that the client itself would refuse to send."""
    async with httpx.AsyncClient(headers={"Api-Key": "local"}) as http:
        return await http.post(f"{host}{path}", json=body)


async def test_an_error_has_the_shape_of_the_service(index: Any) -> None:
    error = await refused(index.upsert(vectors=[("v", [1.0, 2.0])]))
    assert error.status_code == 400
    assert error.body == {
        "code": 3,
        "message": "Vector dimension 2 does not match the dimension of the index 4",
        "details": [],
    }
    assert error.request_id


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (("v", [0.0, 0.0, 0.0, 1e-9]), "Vector ID 'v' contains only zeros"),
        (("v", [1e39, 0.0, 0.0, 0.0]), "finite 32-bit"),
        (("v" * 513, UNIT), "exceeds the limit of 512 characters"),
        (("", UNIT), "must not be empty"),
        (("v", UNIT, {"$eq": 1}), "Metadata field '\\$eq' cannot start with '\\$'"),
        (("v", UNIT, {"text": "年" * 13_651}), "Metadata size is 40964 bytes, which exceeds the limit of 40960 bytes"),
    ],
)
async def test_upsert_refuses(index: Any, vector: tuple[Any, ...], message: str) -> None:
    error = await refused(index.upsert(vectors=[("good", UNIT), vector]))
    assert error.status_code == 400
    assert re.search(message, error.message)
    assert not (await index.fetch(ids=["good"])).vectors


async def test_upsert_takes_metadata_up_to_the_limit(index: Any) -> None:
    await index.upsert(vectors=[("v" * 512, UNIT, {"text": "x" * (40_960 - len('{"text":""}'))})])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": 1}, '{"a":1.0}'),
        ([1, 2], "[1.0,2.0]"),
        (["a", 1], '["a",1.0]'),
        ([1758694138, 0], "[1758694138.0,0...."),
        (10**400, "Infinity"),
    ],
)
async def test_metadata_is_text_numbers_booleans_or_lists_of_text(index: Any, value: Any, shown: str) -> None:
    body = {"vectors": [{"id": "v", "values": UNIT, "metadata": {"field": value}}]}
    answer = await post(index.host, "/vectors/upsert", body)
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        f"Metadata value must be a string, number, boolean or list of strings, got '{shown}' for field 'field'"
    )


async def test_ids_and_namespaces_are_ascii(index: Any) -> None:
    answer = await post(index.host, "/vectors/upsert", {"vectors": [{"id": "退款#0", "values": UNIT}]})
    assert (answer.status_code, answer.json()["message"]) == (400, "Vector ID must be ASCII, but got '退款#0'")
    error = await refused(index.upsert(vectors=[("v", UNIT)], namespace="青禾"))
    assert "Namespace name must be ASCII" in error.message


async def test_a_request_is_at_most_two_megabytes(index: Any) -> None:
    vectors = [(f"v{number}", UNIT, {"text": "x" * 40_000}) for number in range(60)]
    error = await refused(index.upsert(vectors=vectors))
    assert error.status_code == 400
    assert error.body["code"] == 11
    assert f"the limit is: {MAX_BODY_BYTES} bytes" in error.message


async def test_an_upsert_is_at_most_a_thousand_vectors(index: Any) -> None:
    vectors = [(f"v{number}", UNIT) for number in range(1001)]
    error = await refused(index.upsert(vectors=vectors))
    assert (error.status_code, "vectors" in error.message) == (400, True)
    assert (await index.upsert(vectors=vectors[:1000])).upserted_count == 1000


@pytest.mark.parametrize("top_k", [0, 10_001])
async def test_top_k_is_one_to_ten_thousand(index: Any, top_k: int) -> None:
    answer = await post(index.host, "/query", {"topK": top_k, "vector": UNIT})
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert answer.json()["message"].startswith("topK:")


@pytest.mark.parametrize(
    "body",
    [
        {"topK": 1},
        {"topK": 1, "id": "v", "vector": UNIT},
        {"topK": 1, "vector": [1.0]},
        {"topK": 1, "vector": ["1", "0", "0", "0"]},
        {"topK": 1, "vector": UNIT, "filter": {"a": {"$near": 1}}},
        {"topK": 1, "vector": UNIT, "namespace": 7},
        {"topK": 1, "id": "v" * 513},
        [],
    ],
)
async def test_query_refuses(index: Any, body: Any) -> None:
    answer = await post(index.host, "/query", body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/vectors/delete", {}),
        ("/vectors/delete", {"ids": ["v"], "deleteAll": True}),
        ("/vectors/delete", {"filter": {}}),
        ("/vectors/delete", {"ids": ["v"] * 1001}),
        ("/vectors/update", {}),
        ("/vectors/update", {"id": "v", "filter": {"a": 1}}),
        ("/vectors/update", {"filter": {}}),
        ("/vectors/update", {"filter": {"a": 1}, "values": UNIT}),
        ("/vectors/update", {"id": "missing", "values": [1.0]}),
        ("/vectors/fetch_by_metadata", {"filter": {}}),
        ("/vectors/fetch_by_metadata", {"filter": {"a": 1}, "limit": 10_001}),
        ("/vectors/upsert", {"vectors": []}),
        ("/namespaces", {"name": "__default__"}),
        ("/namespaces", {"name": ""}),
        ("/namespaces", {"name": "n" * 513}),
    ],
)
async def test_a_request_that_says_too_little_or_too_much_is_refused(index: Any, path: str, body: Any) -> None:
    answer = await post(index.host, path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3), answer.text


@pytest.mark.parametrize("body", [b"{", b'"\\ud800"', b"[" * 100_000, b"\xff", b'{"topK": 1, "vector": [NaN]}'])
async def test_what_is_not_json_is_refused(index: Any, body: bytes) -> None:
    async with httpx.AsyncClient(headers={"Api-Key": "local"}) as http:
        answer = await http.post(f"{index.host}/query", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


@pytest.mark.parametrize("query", ["", "ids=" + "&ids=".join(["v"] * 1001)])
async def test_fetch_takes_one_to_a_thousand_ids(index: Any, query: str) -> None:
    async with httpx.AsyncClient(headers={"Api-Key": "local"}) as http:
        answer = await http.get(f"{index.host}/vectors/fetch?{query}")
    assert answer.status_code == 400


async def test_a_page_is_at_most_a_hundred(index: Any) -> None:
    async with httpx.AsyncClient(headers={"Api-Key": "local"}) as http:
        for limit in ("0", "101", "many"):
            answer = await http.get(f"{index.host}/vectors/list?limit={limit}")
            assert (answer.status_code, answer.json()["message"].startswith("limit:")) == (400, True)


@pytest.mark.parametrize(
    ("indices", "values", "message"),
    [
        ([], [], "at least one value"),
        ([1], [1.0, 2.0], "as many of each"),
        ([1, 1], [1.0, 2.0], "duplicate indices"),
        ([-1], [1.0], "between 0 and 4294967295"),
        ([2**32], [1.0], "between 0 and 4294967295"),
        (list(range(2049)), [1.0] * 2049, "exceeds the maximum size of 2048"),
        ([1], [1e39], "finite 32-bit"),
    ],
)
async def test_sparse_values_have_their_limits(
    hybrid: Any, indices: list[int], values: list[float], message: str
) -> None:
    vector = {"id": "v", "values": [1.0, 0.0], "sparseValues": {"indices": indices, "values": values}}
    answer = await post(hybrid.host, "/vectors/upsert", {"vectors": [vector]})
    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_a_sparse_index_takes_no_dense_values(indexes: Any) -> None:
    host = (await indexes.create(name="sparse", vector_type="sparse")).host
    for vector in ({"id": "v", "values": [1.0]}, {"id": "v"}):
        assert (await post(host, "/vectors/upsert", {"vectors": [vector]})).status_code == 400
    assert (await post(host, "/query", {"topK": 1, "vector": [1.0]})).status_code == 400
    assert (await post(host, "/vectors/update", {"id": "v", "values": [1.0]})).status_code == 400
