"""REQUEST authoriser on `$connect`: a token becomes a tenant and a user, or a 401."""

from typing import Any

from thinkaloud.errors import IdentityError
from thinkaloud.gateway.events import read_handshake
from thinkaloud.gateway.handshake import allow
from thinkaloud.telemetry import logger
from thinkaloud.wiring.authorizer import verifier


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Allow with the principal as context; `Unauthorized` is the one text that API Gateway turns into a 401."""
    handshake = read_handshake(event)
    try:
        principal = verifier().verify(handshake.token)
    except IdentityError as error:
        logger().info("unauthorized", extra={"detail": str(error)})
        raise Exception("Unauthorized") from None
    return allow(principal, handshake.method_arn)
