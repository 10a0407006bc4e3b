"""The control plane over HTTP: create, list, describe, configure and delete indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from localcloud.pinecone.errors import Code
from localcloud.pinecone.requests import parse
from localcloud.pinecone.schema import ConfigureIndex, CreateIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.pinecone.catalog import Catalog
    from localcloud.pinecone.index import Index


class ControlPlane:
    """The routes of the control plane. `host_of` says under which URL an index is served."""

    def __init__(self, catalog: Catalog, host_of: Callable[[str], str]) -> None:
        self._catalog = catalog
        self._host_of = host_of

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        return [
            web.get("/indexes", self._list),
            web.post("/indexes", self._create),
            web.get("/indexes/{name}", self._describe),
            web.patch("/indexes/{name}", self._configure),
            web.delete("/indexes/{name}", self._delete),
        ]

    async def _list(self, _request: web.Request) -> web.Response:
        indexes = [self._catalog.get(name) for name in self._catalog.names()]
        return web.json_response({"indexes": [self._wire(index) for index in indexes]})

    async def _create(self, request: web.Request) -> web.Response:
        body = parse(CreateIndex, await request.read(), malformed=Code.UNPROCESSABLE_ENTITY)
        return web.json_response(self._wire(self._catalog.create(body.declaration())), status=201)

    async def _describe(self, request: web.Request) -> web.Response:
        return web.json_response(self._wire(self._catalog.get(request.match_info["name"])))

    async def _configure(self, request: web.Request) -> web.Response:
        changes = parse(ConfigureIndex, await request.read(), malformed=Code.UNPROCESSABLE_ENTITY)
        return web.json_response(self._wire(self._catalog.configure(request.match_info["name"], changes)))

    async def _delete(self, request: web.Request) -> web.Response:
        self._catalog.delete(request.match_info["name"])
        return web.Response(status=202)

    def _wire(self, index: Index) -> dict[str, Any]:
        """An index on the wire. It is ready as soon as it exists."""
        return {
            **index.declaration.to_wire(),
            "host": self._host_of(index.declaration.name),
            "status": {"ready": True, "state": "Ready"},
            "read_capacity": {"mode": "OnDemand", "status": {"state": "Ready"}},
        }
