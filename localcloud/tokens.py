"""Development tokens: HS256 with a secret of this checkout, good for its local cloud and for nothing else."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import jwt

ISSUER = "http://127.0.0.1"
AUDIENCE = "thinkaloud"
TENANT_CLAIM = "tenant"
TENANT = "demo"
USER = "you"
#: What its bearer may do over HTTP: all there is.
SCOPES = "documents:read documents:write audit:read"
#: Characters of a secret for HS256, https://datatracker.ietf.org/doc/html/rfc7518#section-3.2
SHORTEST = 32


class SecretMissing(Exception):
    """The local cloud never ran in this checkout, so that there is no secret yet."""


def development_secret(state: Path) -> str:
    """The secret in `state`/secrets.json, made on first use and readable by its owner alone."""
    try:
        return _stored_secret(state)
    except SecretMissing:
        state.mkdir(parents=True, exist_ok=True)
        made = secrets.token_urlsafe(48)
        _path(state).unlink(missing_ok=True)  # what is there holds no secret, and may be open to others
        _path(state).touch(mode=0o600, exist_ok=False)
        _path(state).write_text(json.dumps({"jwt": made}), encoding="utf-8")
        return made


def development_token(
    state: Path, *, tenant: str = TENANT, user: str = USER, seconds: int = 3_600, scopes: str = SCOPES
) -> str:
    """A token that says who is calling and what for, and is good for `seconds`.

    Raises:
        SecretMissing: there is no secret to sign with.
    """
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        TENANT_CLAIM: tenant,
        "scope": scopes,
        "iat": now,
        "exp": now + seconds,
    }
    return jwt.encode(claims, _stored_secret(state), algorithm="HS256")


def _path(state: Path) -> Path:
    return state / "secrets.json"


def _stored_secret(state: Path) -> str:
    try:
        stored = json.loads(_path(state).read_text(encoding="utf-8"))["jwt"]
    except (OSError, ValueError, KeyError, TypeError):
        stored = None
    if not isinstance(stored, str) or len(stored) < SHORTEST:
        raise SecretMissing(f"{_path(state)} holds no secret yet; the local cloud makes it: make dev")
    return stored
