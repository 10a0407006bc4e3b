"""The local Pinecone as one server: `/indexes` and inference at the root, each index under a host of its own.

The client takes a path in a host, so `http://127.0.0.1:PORT/data/NAME` is the host of index NAME, and one port serves
all. One index may be served at the root as well, so that plain `http://127.0.0.1:PORT` is an index host too.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Self

from aiohttp import web

from localcloud.pinecone.catalog import Catalog
from localcloud.pinecone.control_plane import ControlPlane
from localcloud.pinecone.data_plane import DataPlane
from localcloud.pinecone.errors import Code, ServiceError, not_found
from localcloud.pinecone.faults import Faults
from localcloud.pinecone.inference import Inference
from localcloud.pinecone.schema import dense_declaration

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from aiohttp.typedefs import Handler

    from localcloud.models.embedding import Embedder
    from localcloud.pinecone.index import Index
    from localcloud.pinecone.schema import Metric

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 2 * 1024 * 1024
_INDEX_HOSTS = "/data/{index}"
#: What answers errors in the shape of the control plane; everything else is the data plane.
_CONTROL = ("/indexes", "/embed", "/rerank", "/models", "/admin")


class PineconeServer:
    """A Pinecone that keeps its indexes in a folder.

        async with PineconeServer(folder, default_index="handbook") as pinecone:
            pinecone.open_index("handbook", dimension=1024)
            client = AsyncPinecone(api_key="local", host=pinecone.url)

    Any key is accepted and none is not, as with the service.

    Attributes:
        faults: set them here or with `PUT /admin/faults`.
    """

    def __init__(self, folder: Path, *, embedder: Embedder | None = None, default_index: str | None = None) -> None:
        self._folder = folder
        self._embedder = embedder
        self._default_index = default_index
        self._catalog: Catalog | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0
        self.faults = Faults()

    async def start(self, port: int = 0) -> None:
        """Loads the indexes and listens on 127.0.0.1, on any free port unless one is given.

        Raises:
            OSError: the port is taken.
            StorageError: an index is in use by another process, or cannot be read.
        """
        self._catalog = await asyncio.to_thread(Catalog, self._folder)
        self._runner = web.AppRunner(
            self._application(self._catalog), access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        try:
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", port)
            await site.start()
        except BaseException:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stops listening, ends what is under way, closes the files."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The control plane's URL, and the default index's host."""
        return f"http://127.0.0.1:{self._port}"

    def host_of(self, name: str) -> str:
        """The host of an index, which the client takes as it is."""
        return f"{self.url}{_INDEX_HOSTS.format(index=name)}"

    def index(self, name: str) -> Index:
        """An index, to be worked on without the network.

        Raises:
            ServiceError: there is none of this name.
        """
        if self._catalog is None:
            raise RuntimeError("start the server first")
        return self._catalog.get(name)

    def open_index(self, name: str, *, dimension: int, metric: Metric = "dotproduct") -> str:
        """Makes a dense index unless it is there already; its host. By dot product it takes sparse vectors too.

        Raises:
            ValueError: it is there, with another dimension or metric: its vectors are another model's.
        """
        if self._catalog is None:
            raise RuntimeError("start the server first")
        if name not in self._catalog.names():
            self._catalog.create(dense_declaration(name, dimension, metric))
        schema = self._catalog.get(name).schema
        if (schema.dimension, schema.metric) != (dimension, metric):
            raise ValueError(
                f"Index {name} in {self._folder} holds {schema.metric} vectors of dimension {schema.dimension}, not "
                f"{metric} of {dimension}: delete the index, or choose another name"
            )
        return self.host_of(name)

    def drop_index(self, name: str) -> None:
        """Removes an index with all it holds.

        Raises:
            ServiceError: there is none, or it is protected.
        """
        if self._catalog is None:
            raise RuntimeError("start the server first")
        self._catalog.delete(name)

    def _application(self, catalog: Catalog) -> web.Application:
        def index_of(request: web.Request) -> Index:
            name = request.match_info.get("index", self._default_index)
            if name is None:
                raise not_found(f"No index is served at {self.url}: use its own host, as GET /indexes tells it")
            index = catalog.get(name)
            index.stale_reads = self.faults.stale_reads
            return index

        data_plane = DataPlane(index_of)
        app = web.Application(
            middlewares=[_identify, _report, _authenticate, self._strike], client_max_size=MAX_BODY_BYTES
        )
        app.add_routes(self.faults.routes())
        app.add_routes(ControlPlane(catalog, self.host_of).routes())
        app.add_routes(Inference(self._embedder).routes())
        app.add_routes(data_plane.routes(_INDEX_HOSTS))
        app.add_routes(data_plane.routes(""))
        return app

    @web.middleware
    async def _strike(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = _path_in_plane(request)
        struck = None if path.startswith("/admin/") else await self.faults.strike(path)
        return await handler(request) if struck is None else struck


@web.middleware
async def _identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives every answer a number, which the client's errors name."""
    response = await handler(request)
    response.headers["x-pinecone-request-id"] = str(secrets.randbits(63))
    return response


@web.middleware
async def _report(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what goes wrong into the error shape of the plane it went wrong in."""
    try:
        return await handler(request)
    except ServiceError as error:
        refused = error
    except web.HTTPRequestEntityTooLarge:
        found = request.content_length or "more"
        refused = ServiceError(
            Code.OUT_OF_RANGE,
            f"Error, message length too large: found {found} bytes, the limit is: {MAX_BODY_BYTES} bytes",
        )
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        refused = ServiceError(Code.UNIMPLEMENTED, f"The local Pinecone has no {request.method} {request.path}")
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        refused = ServiceError(Code.UNKNOWN, "Internal server error")
    control = _path_in_plane(request).startswith(_CONTROL)
    body = refused.as_error_response() if control else refused.as_rpc_status()
    return web.json_response(body, status=refused.code.status)


@web.middleware
async def _authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests without a key, in plain text, as the layer before the service does."""
    if not request.headers.get("Api-Key") and not request.path.startswith("/admin/"):
        return web.Response(status=401, text="Unauthorized")
    return await handler(request)


def _path_in_plane(request: web.Request) -> str:
    """The path without the index's prefix."""
    if "index" in request.match_info:
        return request.path.removeprefix(_INDEX_HOSTS.format(index=request.match_info["index"]))
    return request.path
