"""The HTTP API itself: one of a template's, served on 127.0.0.1."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from localcloud.functions.errors import MOST_SYNC_BYTES
from localcloud.gateway.background import Background
from localcloud.gateway.integration import Answered, Integrations, Invoker, TimedOut
from localcloud.http.authorizer import Authorizers, Refused
from localcloud.http.cors import permitted, preflight
from localcloud.http.events import Request, new_request_id, proxy_event
from localcloud.http.reply import Reply, message_reply, read_reply
from localcloud.http.routing import Matched, Router
from localcloud.ports import listen
from localcloud.template.model import HttpApi


@dataclass(frozen=True)
class HttpLimits:
    """Bytes and seconds. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

    payload_bytes: int = 10 * 1024 * 1024
    integration_s: float = 30.0


AWS_HTTP_LIMITS = HttpLimits()


class HttpGateway:
    """An HTTP API. `invoker` runs the functions; `clock` gives epoch seconds."""

    def __init__(
        self,
        api: HttpApi,
        invoker: Invoker,
        *,
        limits: HttpLimits = AWS_HTTP_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._limits = limits
        self._clock = clock
        self._background = Background()
        self._integrations = Integrations(invoker, self._background)
        self._router = Router(api.routes.values())
        self._authorizers = Authorizers(
            api.logical_id, api.stage, self._integrations, timeout_s=limits.integration_s, clock=clock
        )
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=1.0)
        self._base = ""

    @property
    def url(self) -> str:
        """Where clients call, without a slash at the end."""
        return self._base if self._api.stage == "$default" else f"{self._base}/{self._api.stage}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen; 0 takes any free port. Raises `PortTaken`."""
        self._base = f"http://{await listen(self._runner, host, port)}"
        return self

    async def stop(self) -> None:
        """Stop listening; requests under way are answered that the gateway is stopping, or not at all."""
        await self._background.stop()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return self if self._base else await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, incoming: web.BaseRequest) -> web.Response:
        request = await self._read(incoming)
        cors, origin = self._api.cors, incoming.headers.get("Origin")
        matched = self._match(request)
        if matched is None and cors is not None and request.method == "OPTIONS":
            reply = preflight(cors, origin)
        else:
            reply = await self._answer(request, matched)
            reply = reply if cors is None else permitted(reply, cors, origin)
        response = web.Response(status=reply.status, body=reply.body or None)
        for name, value in reply.headers:
            response.headers.add(name, value)
        response.headers["apigw-requestid"] = request.id
        return response

    async def _read(self, incoming: web.BaseRequest) -> Request:
        """The request, with the headers the service adds; of a body that is too large a byte more than it may have."""
        host, source = incoming.host, incoming.remote or ""
        added = {
            "X-Amzn-Trace-Id": f"Root=1-{int(self._clock()):08x}-{secrets.token_hex(12)}",
            "X-Forwarded-For": source,
            "X-Forwarded-Port": host.rpartition(":")[2],
            "X-Forwarded-Proto": "http",
        }
        replaced = {name.lower() for name in added}
        kept = [pair for pair in incoming.headers.items() if pair[0].lower() not in replaced]
        body = bytearray()
        async for piece in incoming.content.iter_chunked(1 << 16):
            body += piece
            if len(body) > self._limits.payload_bytes:
                break
        return Request(
            method=incoming.method,
            target=incoming.raw_path,
            headers=(*kept, *added.items()),
            body=bytes(body),
            source_ip=source,
            protocol=f"HTTP/{incoming.version.major}.{incoming.version.minor}",
            id=new_request_id(),
            at=self._clock(),
        )

    def _match(self, request: Request) -> Matched | None:
        path = request.path
        if self._api.stage != "$default":
            if path != f"/{self._api.stage}" and not path.startswith(f"/{self._api.stage}/"):
                return None
            path = path.removeprefix(f"/{self._api.stage}") or "/"
        return self._router.match(request.method, path)

    async def _answer(self, request: Request, matched: Matched | None) -> Reply:
        """The response of the route's function, or of the gateway in its place. [doc]"""
        if matched is None:
            return message_reply(404, "Not Found")
        if len(request.body) > self._limits.payload_bytes:
            return message_reply(413, "Request Entity Too Large")
        authorizer: dict[str, Any] | None = None
        if matched.route.authorizer is not None:
            try:
                authorizer = await self._authorizers.admit(matched.route.authorizer, request, matched)
            except Refused as refused:
                return message_reply(refused.status, str(refused))
        event = proxy_event(request, matched, self._api.logical_id, self._api.stage, authorizer)
        if len(json.dumps(event, ensure_ascii=False).encode()) > MOST_SYNC_BYTES:
            return message_reply(413, "Request Entity Too Large")  # Lambda takes less than the API [?]
        timeout_s = min(matched.route.timeout_s, self._limits.integration_s)
        outcome = await self._integrations.call(matched.route.function, event, timeout_s)
        if isinstance(outcome, TimedOut):
            return message_reply(503, "Service Unavailable")
        reply = read_reply(outcome.payload) if isinstance(outcome, Answered) else None
        return reply or message_reply(500, "Internal Server Error")
