"""A local Pinecone for each test, and the real client in both its forms behind one awaitable face."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pinecone import AsyncPinecone, Pinecone, RetryConfig
from pinecone._internal.http_client import get_budget_registry
from pinecone.models.pagination import Paginator

from localcloud.pinecone.server import PineconeServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

INDEX = "handbook"
DIMENSION = 4


class AllAwaitable:
    """A part of the client, every method awaitable: a sync one runs in a thread, pages become a list."""

    def __init__(self, part: Any) -> None:
        self._part = part

    @property
    def host(self) -> str:
        """The host of an index."""
        host: str = self._part.host
        return host

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._part, name)
        return self._asynchronous(method) if type(self._part).__name__.startswith("Async") else self._in_thread(method)

    def _asynchronous(self, method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if inspect.isawaitable(result):
                return await result
            return [page async for page in result]

        return call

    def _in_thread(self, method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        def run(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return list(result) if isinstance(result, Iterator | Paginator) else result

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(run, *args, **kwargs)

        return call


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PineconeServer]:
    async with PineconeServer(tmp_path / "pinecone", default_index=INDEX) as running:
        yield running


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's retries come at once."""

    async def at_once(_delay: float) -> None:
        return None

    monkeypatch.setattr("pinecone._internal.http_client._async_retry_sleep", at_once)
    monkeypatch.setattr("pinecone._internal.http_client._retry_sleep", lambda _delay: None)


@pytest.fixture(autouse=True)
def full_budget() -> None:
    """The client counts retries against one budget for the whole process, which other tests may have spent."""
    get_budget_registry()._reset()


@pytest.fixture(params=["async", "sync"])
async def client(request: pytest.FixtureRequest, server: PineconeServer) -> AsyncIterator[AsyncPinecone | Pinecone]:
    """The control plane's client, without retries."""
    # No certificate is looked at over plain http; reading them takes longer than most tests.
    once = RetryConfig(max_retries=0)
    options: dict[str, Any] = {"api_key": "local", "host": server.url, "retry_config": once, "ssl_verify": False}
    if request.param == "async":
        async with AsyncPinecone(**options) as asynchronous:
            yield asynchronous
    else:
        with Pinecone(**options) as synchronous:
            yield synchronous


@pytest.fixture
def indexes(client: AsyncPinecone | Pinecone) -> Any:
    """The client's control plane."""
    return AllAwaitable(client.indexes)


@pytest.fixture
async def open_index(client: AsyncPinecone | Pinecone) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """The client of the index at a host."""
    opened: list[Any] = []

    async def opener(host: str) -> Any:
        index = client.index(host=host)
        opened.append(await index if inspect.isawaitable(index) else index)
        return AllAwaitable(opened[-1])

    yield opener
    for index in opened:
        closing = index.close()
        if inspect.isawaitable(closing):
            await closing


@pytest.fixture
async def index(server: PineconeServer, open_index: Callable[[str], Awaitable[Any]]) -> Any:
    """An empty cosine index of four dimensions."""
    return await open_index(server.open_index(INDEX, dimension=DIMENSION, metric="cosine"))


@pytest.fixture
async def hybrid(server: PineconeServer, open_index: Callable[[str], Awaitable[Any]]) -> Any:
    """An empty dotproduct index of two dimensions, which takes sparse values too."""
    return await open_index(server.open_index("hybrid", dimension=2, metric="dotproduct"))
