"""The service's limits, and a factor that makes its hours short enough for a test.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

KIB: Final = 1024


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds as AWS states them. `time_factor` stretches or shrinks every time alike."""

    message_bytes: int = 128 * KIB
    frame_bytes: int = 32 * KIB
    authorizer_bytes: int = 8 * KIB
    send_buffer_bytes: int = 256 * KIB
    """What may wait for a slow client before posts to it get a 429. AWS publishes no figure. [?]"""
    integration_s: float = 29.0
    idle_s: float = 600.0
    life_s: float = 7200.0
    time_factor: float = 1.0

    def scaled(self, factor: float) -> Limits:
        """The same limits with all times multiplied by `factor`."""
        return replace(self, time_factor=self.time_factor * factor)

    def idle(self) -> float:
        """Seconds without a message either way after which a connection is closed."""
        return self.idle_s * self.time_factor

    def life(self) -> float:
        """Seconds after which a connection is closed, whatever it does."""
        return self.life_s * self.time_factor

    def integration(self, wanted_s: float | None = None) -> float:
        """Seconds an integration may take: what the route wants, capped at the service's own limit."""
        nominal = self.integration_s if wanted_s is None else min(wanted_s, self.integration_s)
        return nominal * self.time_factor


AWS_LIMITS: Final = Limits()
