"""When a token runs out, as far as the client can tell. Pure."""

from __future__ import annotations

import base64
import json


def expiry(token: str) -> float | None:
    """The `exp` of a JWT in seconds since 1970; None where the token is no JWT or says nothing of it.

    Nothing is verified, which is the server's part: the client only wants to be in time with the next token.
    """
    _, _, rest = token.partition(".")
    payload, _, _ = rest.partition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    found = claims.get("exp") if isinstance(claims, dict) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
