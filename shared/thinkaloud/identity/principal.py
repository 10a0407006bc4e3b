"""The caller, as the authoriser vouches for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thinkaloud.errors import IdentityError

# A tenant is part of keys and the name of a Pinecone namespace, so `#` and control characters must not get in.
_TENANT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_USER = 256


@dataclass(frozen=True)
class Principal:
    """A user of a tenant. `expires` is when the token runs out, in seconds since 1970."""

    tenant: str
    user: str
    expires: int

    @classmethod
    def checked(cls, tenant: object, user: object, expires: object) -> Principal:
        """A principal from claims.

        Raises:
            IdentityError: a claim is missing, of the wrong type or not fit to be part of a key.
        """
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            raise IdentityError("the tenant claim is missing or not 1 to 64 of A-Z a-z 0-9 _ . -")
        if not isinstance(user, str) or not 0 < len(user) <= _MAX_USER or not user.isprintable():
            raise IdentityError(f"sub is missing or not 1 to {_MAX_USER} printable characters")
        if not isinstance(expires, int):
            raise IdentityError("exp is not a whole number")
        return cls(tenant, user, expires)

    def to_context(self) -> dict[str, str]:
        """The authoriser context: flat and all strings, as API Gateway passes it on."""
        return {"tenant": self.tenant, "user": self.user, "expires": str(self.expires)}

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
        )
