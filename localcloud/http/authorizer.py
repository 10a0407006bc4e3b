"""Lambda authorizers of an HTTP API: who is asked, what the answer means, and how long it holds.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from localcloud.gateway.integration import Answered, Integrations
from localcloud.gateway.policy import Decision, MalformedPolicy, decide
from localcloud.http.events import Request, authorizer_event, route_arn
from localcloud.http.routing import Matched
from localcloud.template.model import HttpAuthorizer

LOG = logging.getLogger(__name__)


class Refused(Exception):
    """The request ends here, with this HTTP `status`; `str()` is the message of its body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Authorizers:
    """Asks the authorizers of one API. `clock` gives seconds; `timeout_s` is how long an authorizer may take."""

    def __init__(
        self, api: str, stage: str, integrations: Integrations, *, timeout_s: float, clock: Callable[[], float]
    ) -> None:
        self._api = api
        self._stage = stage
        self._integrations = integrations
        self._timeout_s = timeout_s
        self._clock = clock
        self._answers: dict[tuple[str, ...], tuple[float, Any]] = {}

    async def admit(self, authorizer: HttpAuthorizer, request: Request, matched: Matched) -> dict[str, Any]:
        """What `requestContext.authorizer` says from here on.

        Raises `Refused`: 401 where an identity source is missing, and the authorizer is not even asked; 403 where it
        does not allow; 500 where it fails, or answers something else. [doc]
        """
        identity = [_identity(source, request) for source in authorizer.identity_sources]
        if any(not value for value in identity):
            raise Refused(401, "Unauthorized")
        answer = await self._answer(authorizer, request, matched, [str(value) for value in identity])
        try:
            allowed = _allowed(answer, authorizer, route_arn(request, self._api, self._stage))
        except (MalformedPolicy, KeyError, TypeError) as error:
            LOG.warning("%s: the authorizer's answer cannot be used: %r", authorizer.function, error)
            raise Refused(500, "Internal Server Error") from None
        if not allowed:
            raise Refused(403, "Forbidden")
        return {"lambda": answer.get("context")}

    async def _answer(self, authorizer: HttpAuthorizer, request: Request, matched: Matched, identity: list[str]) -> Any:
        """What the authorizer says of this identity, or has said not long ago, of whichever route."""
        key = (authorizer.name, *identity)
        until, answer = self._answers.get(key, (0.0, None))
        if until > self._clock():
            return answer
        event = authorizer_event(request, matched, self._api, self._stage, identity)
        outcome = await self._integrations.call(authorizer.function, event, self._timeout_s)
        if not isinstance(outcome, Answered):
            LOG.warning("%s, the authorizer, gave no answer: %s", authorizer.function, outcome)
            raise Refused(500, "Internal Server Error")
        if authorizer.ttl_s and identity:
            self._forget_old()
            self._answers[key] = (self._clock() + authorizer.ttl_s, outcome.payload)
        return outcome.payload

    def _forget_old(self) -> None:
        now = self._clock()
        self._answers = {key: answer for key, answer in self._answers.items() if answer[0] > now}


def _allowed(answer: Any, authorizer: HttpAuthorizer, arn: str) -> bool:
    if not authorizer.simple:
        return decide(answer["policyDocument"], arn) is Decision.ALLOW
    allowed = answer["isAuthorized"]
    if not isinstance(allowed, bool):
        raise TypeError(f"isAuthorized is {allowed!r}")
    return allowed


def _identity(source: str, request: Request) -> str | None:
    """The value of one identity source. A stage variable is never there, for the local gateway has none."""
    match source.split("."):
        case ["$request", "header", *name]:
            return request.header(".".join(name))
        case ["$request", "querystring", *name]:
            wanted = ".".join(name)
            return next((value for key, value in parse_qsl(request.query) if key == wanted), None)
        case ["$context", *path]:
            known = {"identity.sourceIp": request.source_ip, "http.method": request.method, "path": request.path}
            return known.get(".".join(path))
        case _:
            return None
