"""Calling a function for a route: the seam to the Lambda runner, the time limit, and the proxy's reply."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from localcloud.gateway.background import Background

LOG = logging.getLogger(__name__)


class InvocationResult(Protocol):
    """What a function left behind: a decoded JSON `payload`, or an `error` with `errorType` and `errorMessage`."""

    @property
    def payload(self) -> Any:
        """What the handler returned."""

    @property
    def error(self) -> dict[str, Any] | None:
        """What it raised; None where it returned."""


class Invoker(Protocol):
    """Runs functions. The Lambda runner is one; a test passes a fake."""

    async def invoke(self, function: str, event: dict[str, Any]) -> InvocationResult:
        """Run the function of this logical id on `event` and wait for it."""


@dataclass(frozen=True)
class Answered:
    """The function returned `payload`."""

    payload: Any


@dataclass(frozen=True)
class Failed:
    """The function raised, or could not be run. `message` is what it said."""

    message: str


@dataclass(frozen=True)
class TimedOut:
    """The function took longer than an integration may. It runs on."""


Outcome = Answered | Failed | TimedOut


class Integrations:
    """Calls functions, waiting no longer than the service would."""

    def __init__(self, invoker: Invoker, background: Background) -> None:
        self._invoker = invoker
        self._background = background

    async def call(self, function: str, event: dict[str, Any], timeout_s: float) -> Outcome:
        """The outcome of one invocation. Never raises for anything the function does."""
        invocation = self._background.start(self._invoke(function, event), name=f"invocation of {function}")
        # Waiting, not wait_for: a time-out of the integration does not end the function. [trace]
        done, _ = await asyncio.wait({invocation}, timeout=timeout_s)
        if not done:
            return TimedOut()
        return Failed("the gateway is stopping") if invocation.cancelled() else invocation.result()

    async def _invoke(self, function: str, event: dict[str, Any]) -> Outcome:
        try:
            result = await self._invoker.invoke(function, event)
        except Exception:
            LOG.exception("%s could not be invoked", function)
            return Failed("the function could not be invoked")
        if result.error is not None:
            return Failed(str(result.error.get("errorMessage", "")))
        return Answered(result.payload)


@dataclass(frozen=True)
class Reply:
    """A Lambda proxy's answer. Header names in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


def read_reply(payload: Any) -> Reply | None:
    """The reply in a handler's return value; None where it is none, which counts as a failed integration. [?]"""
    if not isinstance(payload, dict):
        return None
    status, headers, body = payload.get("statusCode"), payload.get("headers") or {}, payload.get("body")
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        return None
    if not isinstance(headers, dict) or not isinstance(body, str | None):
        return None
    return Reply(status, {name.lower(): str(value) for name, value in headers.items()}, body)
