"""kill -9 of the ingestion at a random moment, its message delivered three times: just its chunks, and no orphan.

Six documents at a time, three with the deliveries side by side and three in turn; `INGEST_KILLS=30` for more of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from localcloud.queues.faults import DeliveryPlan
from tests.cloud.library import Library, long_document
from tests.scenarios.stage import Stage, figure, until
from thinkaloud.client import new_id

KILLS = int(os.environ.get("INGEST_KILLS", "6"))
#: Milliseconds from a delivery within which its processes are killed: before they have begun, or as they end.
SPAN = 3_000
PATIENCE_S = 400


@pytest.fixture(autouse=True)
def calm(stage: Stage) -> Iterator[None]:
    yield
    stage.cloud.events.faults.clear()


async def test_the_index_ends_with_just_the_chunks_of_each(stage: Stage) -> None:
    faults = stage.cloud.events.faults
    async with aiohttp.ClientSession() as http:
        # A document is taken up again when the claim of the dead worker is over, and looked at once in a minute.
        library = Library(stage.cloud, http, patience_s=PATIENCE_S)
        text = long_document(new_id("k"))
        expected = await library.chunks((await library.load(f"{new_id('clean')}.md", text))["id"])
        assert len(expected) >= 200

        began = time.monotonic()
        reading: list[asyncio.Task[dict[str, Any]]] = []
        for at_once in (True, False):
            count = KILLS // 2
            faults.set(DeliveryPlan(deliveries=3, at_once=at_once, kill_after_ms=0, kill_before_ms=SPAN, count=count))
            reading += [asyncio.create_task(library.load(f"{new_id('k')}.md", text)) for _ in range(count)]
            await until(lambda: faults.struck == count, PATIENCE_S)  # noqa: B023 - waited for here
        documents = await asyncio.gather(*reading)
        took = time.monotonic() - began
        for document in documents:
            assert (document["status"], document["chunks"]) == ("ready", len(expected))
            assert await library.chunks(document["id"]) == expected
    figure(f"ingest killed   {len(documents)} documents, delivered three times each: all whole after {took:.0f} s")
