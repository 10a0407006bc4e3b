"""The caller, as the authoriser vouches for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thinkaloud.errors import IdentityError

# A tenant is part of keys and the name of a Pinecone namespace, so `#` and control characters must not get in.
_TENANT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_USER = 256
# https://www.rfc-editor.org/rfc/rfc6749#section-3.3, and the authoriser's answer has 8 KB for everything.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_MAX_SCOPES = 4_096


@dataclass(frozen=True)
class Principal:
    """A user of a tenant, and what the token is for.

    `expires` is when it runs out, in seconds since 1970; `scopes` are what its bearer may do over HTTP.
    """

    tenant: str
    user: str
    expires: int
    scopes: frozenset[str] = frozenset()

    @classmethod
    def checked(cls, tenant: object, user: object, expires: object, scope: object = None) -> Principal:
        """A principal from claims; `scope` is a text with spaces between scopes, or a list of them, or nothing.

        Raises:
            IdentityError: a claim is missing, of the wrong type or not fit to be part of a key.
        """
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            raise IdentityError("the tenant claim is missing or not 1 to 64 of A-Z a-z 0-9 _ . -")
        if not isinstance(user, str) or not 0 < len(user) <= _MAX_USER or not user.isprintable():
            raise IdentityError(f"sub is missing or not 1 to {_MAX_USER} printable characters")
        if not isinstance(expires, int):
            raise IdentityError("exp is not a whole number")
        return cls(tenant, user, expires, _scopes(scope))

    def to_context(self) -> dict[str, str]:
        """The authoriser context: flat and all strings, as API Gateway passes it on."""
        return {
            "tenant": self.tenant,
            "user": self.user,
            "expires": str(self.expires),
            "scope": " ".join(sorted(self.scopes)),
        }

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Principal:
        """The principal of an event; only the gateway can have written it.

        Raises:
            IdentityError: the event has no authoriser context, so the route is not behind the authoriser.
        """
        expires = context.get("expires")
        return cls.checked(
            context.get("tenant"),
            context.get("user"),
            int(expires) if isinstance(expires, str) and expires.isdecimal() else None,
            context.get("scope"),
        )


def _scopes(claim: object) -> frozenset[str]:
    """RFC 8693 has a text with spaces, and some providers send a list."""
    if claim is None:
        return frozenset()
    found = claim.split() if isinstance(claim, str) else claim
    if not isinstance(found, list) or not all(isinstance(each, str) and _SCOPE.fullmatch(each) for each in found):
        raise IdentityError("scope is not a text of words, nor a list of them")
    if sum(map(len, found)) > _MAX_SCOPES:
        raise IdentityError(f"scope has more than {_MAX_SCOPES} characters")
    return frozenset(found)
