"""Who asks, what for, and in which language. All of it comes from the event that API Gateway made."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from thinkaloud.errors import IdentityError, ScopeMissing
from thinkaloud.identity.principal import Principal
from thinkaloud.language import Language, language_of_locale

READ = "documents:read"
WRITE = "documents:write"
AUDIT = "audit:read"
#: Says in the API's description that a token is needed. The authoriser checks it: nothing here looks at the header.
_BEARER = HTTPBearer(bearerFormat="JWT", auto_error=False)


def principal(request: Request, _: Annotated[object, Security(_BEARER)]) -> Principal:
    """Whom the authoriser vouches for. Its word is kept for some minutes, in which the token may run out.

    Raises:
        IdentityError: the route is not behind the authoriser, or the token has run out.
    """
    event: dict[str, Any] = request.scope.get("aws.event") or {}
    context = event.get("requestContext", {}).get("authorizer", {}).get("lambda")
    if not context:
        raise IdentityError("the event has no authoriser context")
    found = Principal.from_context(context)
    if found.expires <= time.time():
        raise IdentityError("the token has run out; sign in again")
    return found


Caller = Annotated[Principal, Depends(principal)]


def allowed(scope: str) -> Callable[[Principal], Principal]:
    """A dependency: the caller, whose token has this scope.

    Raises:
        ScopeMissing: it has not.
    """

    def check(caller: Caller) -> Principal:
        if scope not in caller.scopes:
            raise ScopeMissing(scope)
        return caller

    return check


Reader = Annotated[Principal, Depends(allowed(READ))]
Writer = Annotated[Principal, Depends(allowed(WRITE))]


def language(request: Request) -> Language:
    """The language that a person reads, by `Accept-Language`; English for others than Chinese."""
    return language_of_locale(request.headers.get("accept-language", "en").strip(), "")


Reading = Annotated[Language, Depends(language)]
