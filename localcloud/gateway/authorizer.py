"""A REQUEST authorizer on `$connect`: who is asked, and what the answer means.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
and https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from localcloud.gateway.errors import Refused
from localcloud.gateway.integration import Answered, Failed
from localcloud.gateway.policy import Decision, MalformedPolicy, decide

if TYPE_CHECKING:
    from localcloud.gateway.events import Event
    from localcloud.gateway.integration import Integrations
    from localcloud.gateway.limits import Limits
    from localcloud.template.model import Authorizer

LOG = logging.getLogger(__name__)


async def authorize(authorizer: Authorizer, event: Event, integrations: Integrations, limits: Limits) -> dict[str, str]:
    """What later events carry as `requestContext.authorizer`: `principalId` and the context, all strings.

    Raises `Refused`: 401 for a missing identity source or an "Unauthorized" raised, 403 for a policy that does not
    allow, 500 for an authorizer that fails, is late, or returns what cannot be used. Nothing is cached. [doc]
    """
    for source in authorizer.identity_sources:
        if not _identity(source, event):
            raise unauthorized()
    outcome = await integrations.call(authorizer.function, event, limits.integration())
    match outcome:
        case Answered(payload):
            return grant(payload, event["methodArn"], limits.authorizer_bytes)
        case Failed(message="Unauthorized"):
            raise unauthorized()
        case _:
            LOG.warning("%s, the authorizer, gave no answer: %s", authorizer.function, outcome)
            raise Refused(500, "AuthorizerFailureException", "Internal server error")


def grant(result: Any, method_arn: str, max_bytes: int) -> dict[str, str]:
    """The context for later events from an authorizer's `result`, if its policy allows `method_arn`; else `Refused`."""
    try:
        context = _context(result, max_bytes)
        decision = decide(result["policyDocument"], method_arn)
    except (MalformedPolicy, MalformedResult) as error:
        LOG.warning("the authorizer's result cannot be used: %s", error)
        raise Refused(500, "AuthorizerConfigurationException", "Internal server error") from error
    if decision is Decision.ALLOW:
        return context
    said = " with an explicit deny" if decision is Decision.DENY else ""
    raise Refused(403, "AccessDeniedException", f"User is not authorized to access this resource{said}")


def unauthorized() -> Refused:
    """The refusal of a caller who did not say who he is."""
    return Refused(401, "UnauthorizedException", "Unauthorized")


class MalformedResult(ValueError):
    """An authorizer's result without the parts it must have; the text says which."""


def _context(result: Any, max_bytes: int) -> dict[str, str]:
    size = len(json.dumps(result, ensure_ascii=False).encode())
    if size > max_bytes:
        raise MalformedResult(f"it has {size} bytes, more than {max_bytes}")
    if not isinstance(result, dict) or "policyDocument" not in result:
        raise MalformedResult("policyDocument is missing")
    principal = result.get("principalId")
    if not isinstance(principal, str) or not principal:
        raise MalformedResult("principalId is missing, or not a string")
    context = result.get("context") or {}
    if not isinstance(context, dict):
        raise MalformedResult("context is not an object")
    return {name: _flat(name, value) for name, value in context.items()} | {"principalId": principal}


def _flat(name: str, value: Any) -> str:
    """A context value as later events carry it: a string, whatever it was. [trace]"""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise MalformedResult(f"context.{name} is neither a string, nor a number, nor a boolean")


def _identity(source: str, event: Event) -> str | None:
    """The value of one identity source: a header, a query parameter, or a field of the request context.

    A stage variable is never there, for the local gateway has none.
    """
    match source.split("."):
        case ["route", "request", "header", *name]:
            wanted = ".".join(name).lower()
            return next((str(value) for key, value in event["headers"].items() if key.lower() == wanted), None)
        case ["route", "request", "querystring", *name]:
            return str(event["queryStringParameters"].get(".".join(name), ""))
        case ["context", *path]:
            found: Any = event["requestContext"]
            for step in path:
                found = found.get(step) if isinstance(found, dict) else None
            return str(found) if found else None
        case _:
            return None
