"""The HTTP API: one application behind every route."""

from typing import Any

from thinkaloud.wiring.api import answer


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway checks the token; the application reads the principal from the event alone."""
    return answer(event, context)
