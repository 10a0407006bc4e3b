"""Fresh identifiers."""

from __future__ import annotations

import secrets


def new_id(kind: str) -> str:
    """A fresh identifier of the protocol's form, e.g. `s-5f0c...`; `kind` only helps who reads logs."""
    return f"{kind}-{secrets.token_hex(8)}"
