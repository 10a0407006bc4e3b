"""Answering badly for a while, so that what happens then can be tried: errors, rate limits, slowness, stale reads.

    PUT /admin/faults {"status": 503, "seconds": 5}                       every request, for five seconds
    PUT /admin/faults {"status": 429, "count": 2, "retry_after": 1}       the next two requests
    PUT /admin/faults {"delay": 30, "path": "/query"}                     queries hang until the client gives up
    PUT /admin/faults {"stale_reads": 3}                                  the next three reads do not see a write
    GET, DELETE /admin/faults                                             look, and stop

Refusals are plain text, as they are from the layer in front of the service that really gives them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator

from localcloud.pinecone.errors import Code
from localcloud.pinecone.requests import parse

Clock = Callable[[], float]


class Fault(BaseModel):
    """What to do to requests, and for how long. All times in seconds.

    Attributes:
        status: the status to answer with; None to answer as ever, after `delay`.
        delay: how long to wait before answering.
        seconds: how long the fault lasts; None until it is taken away.
        count: how many requests it hits; None for all.
        path: which requests it hits: those whose path, without the index's prefix, starts so.
        retry_after: sent as the header of that name.
        stale_reads: how many reads of an index do not see a write that was made while this was in force. The service is
            eventually consistent: https://docs.pinecone.io/guides/index-data/check-data-freshness
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[int, Field(ge=400, le=599)] | None = None
    delay: Annotated[float, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0)] | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    path: str = "/"
    retry_after: Annotated[float, Field(ge=0)] | None = None
    stale_reads: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Fault:
        if self.status is None and not self.delay and not self.stale_reads:
            raise ValueError("give a status, a delay or stale_reads")
        return self


class Faults:
    """The one fault that is in force, if any."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._fault: Fault | None = None
        self._until: float | None = None
        self._left: int | None = None

    def set(self, fault: Fault) -> None:
        """Puts `fault` in force, in the place of the one before."""
        self._fault, self._left = fault, fault.count
        self._until = None if fault.seconds is None else self._clock() + fault.seconds

    def clear(self) -> None:
        """Back to normal."""
        self._fault = None

    @property
    def current(self) -> Fault | None:
        """The fault in force; None once it has run out."""
        over = (self._until is not None and self._clock() >= self._until) or self._left == 0
        return None if over else self._fault

    @property
    def stale_reads(self) -> int:
        """How many reads do not see a write that is made now."""
        fault = self.current
        return (fault and fault.stale_reads) or 0

    def _take(self, path: str) -> Fault | None:
        """The fault that hits a request for `path`, which it then has hit."""
        fault = self.current
        if fault is None or not path.startswith(fault.path):
            return None
        if self._left is not None:
            self._left -= 1
        return fault

    async def strike(self, path: str) -> web.Response | None:
        """Waits if a fault says so; the answer to give instead of the real one, if any."""
        fault = self._take(path)
        if fault is None:
            return None
        await asyncio.sleep(fault.delay)
        if fault.status is None:
            return None
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        try:
            reason = HTTPStatus(fault.status).phrase
        except ValueError:
            reason = "Fault"
        return web.Response(status=fault.status, text=reason, headers=headers)

    def routes(self) -> list[web.RouteDef]:
        """The routes by which people and tests set a fault."""
        return [
            web.get("/admin/faults", self._show),
            web.put("/admin/faults", self._put),
            web.delete("/admin/faults", self._delete),
        ]

    def _state(self) -> web.Response:
        fault = self.current
        body: dict[str, Any] = {"fault": None if fault is None else fault.model_dump(exclude_none=True)}
        if fault is not None and self._left is not None:
            body["left"] = self._left
        return web.json_response(body)

    async def _show(self, _request: web.Request) -> web.Response:
        return self._state()

    async def _put(self, request: web.Request) -> web.Response:
        self.set(parse(Fault, await request.read(), malformed=Code.INVALID_ARGUMENT))
        return self._state()

    async def _delete(self, _request: web.Request) -> web.Response:
        self.clear()
        return self._state()
