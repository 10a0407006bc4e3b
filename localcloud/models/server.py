"""The model server: an OpenAI-compatible API on 127.0.0.1 for the real `openai` client, and its admin API."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from localcloud.models.admin_api import CHAT_PATH, AdminApi
from localcloud.models.catalogue import Catalogue
from localcloud.models.chat_api import ChatApi
from localcloud.models.controls import Controls
from localcloud.models.embedding import LocalEmbedder
from localcloud.models.embeddings_api import EmbeddingsApi
from localcloud.models.ledger import Ledger
from localcloud.models.openai_types import ApiError
from localcloud.models.pacing import READING_PACE, Clock, LoopClock
from localcloud.models.scripts import ScriptLibrary
from localcloud.models.wire import encode_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_logger = logging.getLogger(__name__)

# A prompt is far smaller; a batch of 2,048 inputs to embed may be large.
MAX_BODY_BYTES = 64 * 1024 * 1024


class ModelServer:
    """`await start()`, then `url` is what `OpenAI(base_url=...)` takes; `await stop()`, or use it in `async with`.

    Args:
        pace: tokens a second of the extractive model; 0 is as fast as it goes.
        api_key: the one bearer token that `/v1` takes; any, or none, where it is None.
        library: the scripts; those shipped in `scripts/` by default.
        clock: what pauses are measured by.
    """

    def __init__(
        self,
        *,
        pace: float = READING_PACE,
        api_key: str | None = None,
        library: ScriptLibrary | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.ledger = Ledger()
        self.controls = Controls()
        self.embedder = LocalEmbedder()
        self.catalogue = Catalogue(self.embedder, library or ScriptLibrary(), pace)
        self._api_key = api_key
        self._chat = ChatApi(self.catalogue, self.controls, self.ledger, clock or LoopClock())
        self._embeddings = EmbeddingsApi(self.catalogue, self.ledger)
        self._admin = AdminApi(self.catalogue, self.controls, self.ledger)
        self._loading: asyncio.Task[object] | None = None
        self._runner: web.AppRunner | None = None
        self._address = ""

    @property
    def url(self) -> str:
        """The base URL for clients, ending in `/v1`."""
        return f"{self._address}/v1"

    @property
    def admin_url(self) -> str:
        """The base URL of the admin API, ending in `/admin`."""
        return f"{self._address}/admin"

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1, on any free port for 0; the embedding model loads meanwhile.

        Raises:
            OSError: where the port is taken.
        """
        app = web.Application(middlewares=[self._answer_errors, self._admit], client_max_size=MAX_BODY_BYTES)
        app.add_routes(
            [
                web.post(CHAT_PATH, self._chat.complete),
                web.post("/v1/embeddings", self._embeddings.create),
                web.get("/v1/models", self._models),
                web.get("/v1/models/{name}", self._model),
                *self._admin.routes(),
            ]
        )
        # Cancelling the handler when its client leaves is what stops a stream at once. aiohttp turns Nagle's algorithm
        # off by itself, so a token leaves when it is written.
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._loading = asyncio.create_task(asyncio.to_thread(self.embedder.load), name="load embeddings")

    async def stop(self) -> None:
        """Close every connection, streams included. Does nothing where it is not running."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._loading is not None:
            # If it failed, so does every request that needs it; stopping need not.
            await asyncio.gather(self._loading, return_exceptions=True)
            self._loading = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _models(self, _: web.Request) -> web.Response:
        return _json({"object": "list", "data": self.catalogue.models()})

    async def _model(self, request: web.Request) -> web.Response:
        return _json(self.catalogue.model(request.match_info["name"]))

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            if isinstance(error.body, str):
                return web.Response(
                    text=error.body, status=error.status, headers=error.headers, content_type="text/html"
                )
            return _json(error.body, status=error.status, headers=error.headers)
        except web.HTTPException as refused:
            if refused.status < 400:
                raise
            message = f"{refused.reason}: {request.method} {request.path}"
            return _json(ApiError(refused.status, message).body, status=refused.status)
        except ConnectionError:
            raise
        except Exception as broken:
            # Whatever breaks, the client gets OpenAI's shape and not a page of HTML.
            _logger.exception("%s %s failed", request.method, request.path)
            return _json(ApiError(500, str(broken), kind="server_error").body, status=500)

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            self._check_key(request.headers.get("Authorization", ""))
            await self._suffer(request.path)
        return await handler(request)

    def _check_key(self, authorization: str) -> None:
        if self._api_key is None:
            return
        if not secrets.compare_digest(authorization.encode(), f"Bearer {self._api_key}".encode()):
            raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")

    async def _suffer(self, path: str) -> None:
        fault = self.controls.strike(path)
        if fault is None:
            return
        await asyncio.sleep(fault.delay)
        if error := fault.error():
            with self.ledger.exchange(path, "fault"):
                raise error


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=encode_json(value), status=status, headers=headers, content_type="application/json")
