"""The local gateway with a management API that takes a given time a post. It tells a client its connection's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.stream.processes import Host
from localcloud.gateway.server import Gateway
from localcloud.template.model import Route, WebSocketApi

_API = WebSocketApi(
    logical_id="Benchmark",
    stage="live",
    selection_expression="$request.body.action",
    routes={
        "$connect": Route("$connect", "Accept", two_way=False),
        "$default": Route("$default", "WhoAmI", two_way=True),
    },
    authorizer=None,
)


@dataclass(frozen=True)
class _Returned:
    payload: dict[str, Any]
    error: None = None


class _Functions:
    """Accepts every connection, and answers every message with the connection's id."""

    async def invoke(self, function: str, event: dict[str, Any]) -> _Returned:
        return _Returned({"statusCode": 200, "body": event["requestContext"]["connectionId"]})


async def serve(host: Host, post_ms: int) -> None:
    """Serve until the host ends it. The URL it tells is `{sockets} {management}`."""
    async with Gateway(_API, _Functions(), post_latency_ms=post_ms) as gateway:
        await host.run(f"{gateway.ws_url} {gateway.management_url}")
