"""What the gateway's port serves besides sockets: plain GETs, answered by whoever runs the gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PageRequest:
    """A GET. `path` is decoded and without the query; header names are in lower case, the last value of each."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Page:
    """The answer to a GET."""

    body: bytes
    media: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Pages = Callable[[PageRequest], Awaitable[Page]]


async def no_pages(request: PageRequest) -> Page:
    """The answer where nobody serves pages."""
    return Page(b"there is no page here\n", media="text/plain; charset=utf-8", status=404)
