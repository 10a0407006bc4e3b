"""Faults: what the client makes of a service that answers badly, and when that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pinecone.errors import ApiError, PineconeTimeoutError, RateLimitError, ServiceError

from localcloud.pinecone.faults import Fault, Faults

if TYPE_CHECKING:
    from localcloud.pinecone.server import PineconeServer

UNIT = [1.0, 0.0, 0.0, 0.0]


async def put(server: PineconeServer, fault: dict[str, Any]) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.put(f"{server.url}/admin/faults", json=fault)


@pytest.mark.usefixtures("no_waiting")
class TestThroughTheClient:
    @pytest.mark.parametrize(
        ("status", "error"),
        [(429, RateLimitError), (500, ServiceError), (502, ServiceError), (503, ServiceError), (418, ApiError)],
    )
    async def test_a_status_becomes_its_exception(
        self, server: PineconeServer, index: Any, status: int, error: type[ApiError]
    ) -> None:
        await put(server, {"status": status})
        with pytest.raises(error) as raised:
            await index.query(vector=UNIT, top_k=1)
        assert raised.value.status_code == status

    async def test_a_rate_limit_says_when_to_come_back(self, server: PineconeServer, index: Any) -> None:
        await put(server, {"status": 429, "retry_after": 1.5})
        with pytest.raises(RateLimitError, match="Too Many Requests") as raised:
            await index.query(vector=UNIT, top_k=1)
        assert raised.value.retry_after == 1.5

    async def test_the_control_plane_is_hit_too(self, server: PineconeServer, indexes: Any) -> None:
        await put(server, {"status": 503})
        with pytest.raises(ServiceError):
            await indexes.describe("movies")

    async def test_a_few_failures_are_what_the_client_retries(self, server: PineconeServer, index: Any) -> None:
        await put(server, {"status": 503, "count": 2})
        assert (await index.query(vector=UNIT, top_k=1)).matches == []
        assert server.faults.current is None

    async def test_a_delay_is_a_time_out(self, server: PineconeServer, index: Any) -> None:
        await put(server, {"delay": 30, "path": "/query"})
        with pytest.raises(PineconeTimeoutError):
            await index.query(vector=UNIT, top_k=1, timeout=0.05)
        assert (await index.describe_index_stats()).total_vector_count == 0

    async def test_a_short_delay_only_delays(self, server: PineconeServer, index: Any) -> None:
        await put(server, {"delay": 0.01})
        assert (await index.query(vector=UNIT, top_k=1)).matches == []

    async def test_reads_may_miss_what_was_just_written(self, server: PineconeServer, index: Any) -> None:
        await put(server, {"stale_reads": 2})
        await index.upsert(vectors=[{"id": "one", "values": UNIT}, {"id": "two", "values": UNIT}])
        assert (await index.query(vector=UNIT, top_k=1)).matches == []
        assert (await index.fetch(ids=["one"])).vectors == {}
        assert len((await index.query(vector=UNIT, top_k=5)).matches) == 2
        await index.delete(ids=["one"])
        server.faults.clear()
        await index.delete(ids=["two"])
        assert len((await index.query(vector=UNIT, top_k=5)).matches) == 2, "writes are seen in their order"
        assert len((await index.query(vector=UNIT, top_k=5)).matches) == 2
        assert (await index.query(vector=UNIT, top_k=5)).matches == []


async def test_a_fault_is_shown_and_taken_away(server: PineconeServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        assert (await http.get("/admin/faults")).json() == {"fault": None}
        fault = {"status": 503, "count": 3, "path": "/query", "delay": 0.0}
        assert (await http.put("/admin/faults", json=fault)).json() == {"fault": fault, "left": 3}
        assert (await http.delete("/admin/faults")).json() == {"fault": None}


@pytest.mark.parametrize("fault", [{}, {"status": 200}, {"status": 503, "count": 0}, {"delay": -1}, {"statuz": 503}])
async def test_a_fault_that_says_nothing_sensible_is_refused(server: PineconeServer, fault: dict[str, Any]) -> None:
    answer = await put(server, fault)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_ARGUMENT")
    assert server.faults.current is None


async def test_a_fault_runs_out() -> None:
    now = 100.0
    faults = Faults(clock=lambda: now)
    faults.set(Fault(status=599, seconds=5, path="/query"))
    struck = await faults.strike("/query")
    assert struck is not None
    assert struck.status == 599
    assert await faults.strike("/vectors/upsert") is None
    now = 105.0
    assert await faults.strike("/query") is None
    assert faults.current is None


async def test_a_later_fault_takes_the_place_of_an_earlier_one() -> None:
    faults = Faults()
    faults.set(Fault(status=503, count=1))
    faults.set(Fault(status=429))
    for _ in range(3):
        struck = await faults.strike("/")
        assert struck is not None
        assert struck.status == 429
