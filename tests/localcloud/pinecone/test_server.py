"""The server as a whole: hosts, keys, unknown paths, starting and stopping, and how fast it answers."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from pinecone import AsyncIndex, AsyncPinecone
from pinecone.errors import ApiError, NotFoundError, PineconeConnectionError, ServiceError, UnauthorizedError

from localcloud.pinecone.records import Record
from localcloud.pinecone.schema import dense_declaration
from localcloud.pinecone.server import PineconeServer
from localcloud.pinecone.storage import IndexFile

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"Api-Key": "local"}


async def test_the_root_is_the_default_index(server: PineconeServer, index: Any, open_index: Any) -> None:
    root = await open_index(server.url)
    await root.upsert(vectors=[("v", [1.0, 0.0, 0.0, 0.0])])
    assert set((await index.fetch(ids=["v"])).vectors) == {"v"}


async def test_a_default_index_that_is_not_made_yet_is_not_found(server: PineconeServer, open_index: Any) -> None:
    root = await open_index(server.url)
    with pytest.raises(NotFoundError, match="Index handbook not found"):
        await root.describe_index_stats()


async def test_without_a_default_index_the_root_says_where_to_go(tmp_path: Path) -> None:
    async with PineconeServer(tmp_path) as server, AsyncIndex(host=server.url, api_key="local") as root:
        with pytest.raises(NotFoundError, match="GET /indexes"):
            await root.describe_index_stats()


async def test_opening_an_index_again_keeps_it(server: PineconeServer) -> None:
    assert server.open_index("movies", dimension=2) == server.open_index("movies", dimension=2)
    with pytest.raises(
        ValueError, match="holds dotproduct vectors of dimension 2, not dotproduct of 3: delete the index"
    ):
        server.open_index("movies", dimension=3)
    with pytest.raises(ValueError, match="not cosine of 2"):
        server.open_index("movies", dimension=2, metric="cosine")


async def test_an_index_can_be_dropped_and_made_anew(server: PineconeServer) -> None:
    server.open_index("movies", dimension=2)
    assert server.index("movies").schema.takes_sparse
    server.drop_index("movies")
    server.open_index("movies", dimension=3, metric="cosine")
    assert (server.index("movies").schema.dimension, server.index("movies").schema.metric) == (3, "cosine")


async def test_an_index_needs_a_running_server(tmp_path: Path) -> None:
    stopped = PineconeServer(tmp_path)
    for attempt in (lambda: stopped.open_index("movies", dimension=2), lambda: stopped.index("movies")):
        with pytest.raises(RuntimeError, match="start the server first"):
            attempt()
    with pytest.raises(RuntimeError, match="start the server first"):
        stopped.drop_index("movies")


@pytest.mark.parametrize("path", ["/indexes", "/data/handbook/describe_index_stats", "/models"])
async def test_a_request_without_a_key_is_refused_in_plain_text(server: PineconeServer, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.get(path)
    assert (answer.status_code, answer.text) == (401, "Unauthorized")


async def test_a_request_without_a_key_becomes_the_exception_for_it(server: PineconeServer) -> None:
    async with AsyncPinecone(api_key="local", host=server.url, additional_headers={"api-key": ""}) as client:
        with pytest.raises(UnauthorizedError):
            await client.indexes.describe("movies")


async def test_what_there_is_not_is_said_to_be_missing(server: PineconeServer, index: Any) -> None:
    with pytest.raises(ServiceError, match="The local Pinecone has no POST /data/handbook/records") as refused:
        await index.search(namespace="n", inputs={"text": "q"}, top_k=1)
    assert refused.value.status_code == 501
    async with httpx.AsyncClient(base_url=server.url, headers=KEY) as http:
        assert (await http.put("/indexes")).json() == {
            "error": {"code": "UNIMPLEMENTED", "message": "The local Pinecone has no PUT /indexes"},
            "status": 501,
        }
        assert (await http.get("/data/handbook/query")).json()["code"] == 12


async def test_a_fault_of_its_own_is_a_plain_500(
    server: PineconeServer, index: Any, monkeypatch: pytest.MonkeyPatch, no_waiting: None
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("localcloud.pinecone.index.Index.query", broken)
    with pytest.raises(ServiceError, match="Internal server error") as raised:
        await index.query(vector=[1.0, 0.0, 0.0, 0.0], top_k=1)
    assert raised.value.body == {"code": 2, "message": "Internal server error", "details": []}


async def test_a_taken_port_is_the_caller_s_error(server: PineconeServer, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    second = PineconeServer(tmp_path / "second")
    with pytest.raises(OSError, match="address already in use"):
        await second.start(port)
    await second.start()
    await second.stop()


@pytest.mark.usefixtures("no_waiting")
async def test_a_stopped_server_is_a_connection_error(server: PineconeServer, index: Any) -> None:
    await server.stop()
    with pytest.raises(PineconeConnectionError):
        await index.query(vector=[1.0, 0.0, 0.0, 0.0], top_k=1)


async def test_ten_thousand_vectors_are_loaded_and_searched_quickly(tmp_path: Path) -> None:
    """Through the real asynchronous client. Counted in processor time, which a busy machine does not lengthen."""
    count, dimension, queries = 10_000, 1024, 30
    vectors = np.random.default_rng(1).normal(size=(count, dimension)).astype(np.float32)
    file = IndexFile(tmp_path / "large.sqlite3")
    file.declare(dense_declaration("large", dimension, "cosine"))
    file.add_namespace("n", None)
    file.put("n", (Record(f"v{number}", values, metadata={"n": number}) for number, values in enumerate(vectors)))
    file.close()

    began = time.process_time()
    async with PineconeServer(tmp_path) as server, AsyncPinecone(api_key="local", host=server.url) as client:
        assert time.process_time() - began < 2
        async with await client.index(name="large") as index:
            wall, worked = [], []
            for query in vectors[:queries].tolist():
                asked, began = time.perf_counter(), time.process_time()
                answer = await index.query(vector=query, top_k=5, namespace="n", include_metadata=True)
                wall.append(time.perf_counter() - asked)
                worked.append(time.process_time() - began)
                assert answer.matches[0].score == 1.0
    assert statistics.median(worked) < 0.010
    assert min(wall) < 0.040, "that is what Nagle's algorithm costs"


async def test_errors_of_either_plane_carry_a_request_id(server: PineconeServer, indexes: Any) -> None:
    with pytest.raises(ApiError) as refused:
        await indexes.describe("nothing")
    assert refused.value.request_id
    assert refused.value.body == {"error": {"code": "NOT_FOUND", "message": "Index nothing not found."}, "status": 404}
