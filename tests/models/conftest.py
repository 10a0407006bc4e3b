from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import openai
import pytest

from localcloud.models.server import ModelServer


class NoWaiting:
    """A clock for scripts: their pauses take no time."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[ModelServer]:
    async with ModelServer(pace=0, clock=NoWaiting()) as server:
        yield server


@pytest.fixture
async def server(running: ModelServer) -> AsyncIterator[ModelServer]:
    """The model server as new: nothing put, nothing recorded."""
    yield running
    running.controls.drop_faults()
    running.catalogue.library.restore()
    await running.ledger.idle()
    running.ledger.clear()


@pytest.fixture
async def client(server: ModelServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=server.url, api_key="local", max_retries=0) as client:
        yield client
