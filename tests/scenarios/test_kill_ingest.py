"""kill -9 of the ingestion at a random moment, its message delivered three times: just the document's chunks, no orphan.

Six documents at a time, once with the deliveries side by side and once in turn; `INGEST_KILLS=30` for more of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator

import aiohttp
import pytest

from localcloud.queues.faults import DeliveryPlan
from tests.cloud.library import Library, long_document
from tests.scenarios.stage import Stage, figure
from thinkaloud.client import new_id

KILLS = int(os.environ.get("INGEST_KILLS", "6"))
#: Milliseconds from a delivery within which its processes are killed: before they have begun, or as they end.
SPAN = 3_000


@pytest.fixture(autouse=True)
def calm(stage: Stage) -> Iterator[None]:
    yield
    stage.cloud.events.faults.clear()


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_index_ends_with_just_the_chunks_of_each(stage: Stage, at_once: bool) -> None:
    async with aiohttp.ClientSession() as http:
        # As long as documents are taken up again, which is until a dead worker's claim is over.
        library = Library(stage.cloud, http, patience_s=400)
        text = long_document(new_id("k"))
        expected = await library.chunks((await library.load(f"{new_id('clean')}.md", text))["id"])
        assert len(expected) >= 200

        began = time.monotonic()
        plan = DeliveryPlan(
            deliveries=3, at_once=at_once, kill_after_ms=0, kill_before_ms=SPAN, seed=int(at_once), count=KILLS
        )
        stage.cloud.events.faults.set(plan)
        read = await asyncio.gather(*(library.load(f"{new_id('killed')}.md", text) for _ in range(KILLS)))
        took = time.monotonic() - began
        for document in read:
            assert (document["status"], document["chunks"]) == ("ready", len(expected))
            assert await library.chunks(document["id"]) == expected
    how = "side by side" if at_once else "in turn"
    figure(f"ingest killed   {KILLS} documents, 3 deliveries {how}, each killed: all whole after {took:.0f} s")
