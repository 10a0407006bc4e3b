"""REQUEST authoriser of both APIs: a token becomes a tenant, a user and scopes, or is refused."""

from typing import Any

from thinkaloud.errors import IdentityError
from thinkaloud.gateway.events import is_request, read_handshake
from thinkaloud.gateway.handshake import admit, allow, refuse
from thinkaloud.telemetry import logger
from thinkaloud.wiring.authorizer import verifier


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Allow with the principal as context.

    A socket that is refused gets a 401, for `Unauthorized` is the one text that API Gateway turns into that; an HTTP
    API has 403 for it, as its simple answers have no other.
    """
    handshake = read_handshake(event)
    try:
        principal = verifier().verify(handshake.token)
    except IdentityError as error:
        logger().info("unauthorized", extra={"detail": str(error)})
        if is_request(event):
            return refuse()
        raise Exception("Unauthorized") from None
    return admit(principal) if is_request(event) else allow(principal, handshake.method_arn)
