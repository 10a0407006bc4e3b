"""How the gateway's HTTP APIs write a time."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_time(epoch_s: float) -> str:
    """UTC with milliseconds and `Z`, as the management API has it."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
