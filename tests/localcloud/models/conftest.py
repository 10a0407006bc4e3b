"""A model server without delays, and the clients that ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import openai
import pytest_asyncio

from localcloud.models.server import ModelServer


@pytest_asyncio.fixture(scope="session")
async def running() -> AsyncIterator[ModelServer]:
    async with ModelServer(pace=0) as server:
        yield server


@pytest_asyncio.fixture
async def server(running: ModelServer) -> AsyncIterator[ModelServer]:
    """The one server, as new: nothing put, nothing recorded."""
    yield running
    running.controls.drop_faults()
    running.controls.drop_overrides()
    running.catalogue.library.restore()
    await running.ledger.idle()
    running.ledger.clear()


@pytest_asyncio.fixture
async def client(server: ModelServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=server.url, api_key="local", max_retries=0) as client:
        yield client


@pytest_asyncio.fixture
async def http(server: ModelServer) -> AsyncIterator[aiohttp.ClientSession]:
    """Speaks plain HTTP, for what the `openai` client would never send."""
    async with aiohttp.ClientSession(server.url.removesuffix("v1")) as session:
        yield session
