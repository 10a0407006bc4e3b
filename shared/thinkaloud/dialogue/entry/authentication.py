"""Until when a connection may be used: as long as its token is good, or a newer one that its client has sent since."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from thinkaloud.dialogue.labels import notice_message
from thinkaloud.errors import ForeignToken, IdentityError
from thinkaloud.gateway.events import Message
from thinkaloud.language import Language
from thinkaloud.protocol.frames import Notice
from thinkaloud.state.stores import ConnectionStore
from thinkaloud.telemetry import audit, logger

if TYPE_CHECKING:
    from thinkaloud.identity.tokens import TokenVerifier


class Authentication:
    """Checks and extends the time of connections. `verifier` is called when a token comes: making it takes a while."""

    def __init__(
        self,
        connections: ConnectionStore,
        verifier: Callable[[], TokenVerifier],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connections = connections
        self._verifier = verifier
        self._clock = clock

    def check(self, message: Message) -> None:
        """Pass while the connection's time lasts. The table is read only once the first token has run out.

        Raises:
            IdentityError: the last token has run out.
        """
        now = self._clock()
        if message.principal.expires > now:
            return
        connection = self._connections.get(message.connection)
        if connection is None or connection.principal.expires <= now:
            raise IdentityError("the token of this connection has expired")

    def extend(self, message: Message, token: str, *, re: str | None = None, language: Language = "en") -> Notice:
        """Take a newer token of the same user for this connection, which may come after the last one has run out.

        Raises:
            ForeignToken: it is another user's.
            IdentityError: it is no good, or the connection is not known.
            KeysUnavailable: it cannot be checked just now.
        """
        principal = message.principal
        who = {"tenant": principal.tenant, "user": principal.user, "connection": message.connection}
        try:
            expires = self._verifier().renew(principal, token)
        except ForeignToken as error:
            audit("a token of another user was offered", **who, detail=str(error))
            raise
        if not self._connections.extend(message.connection, expires):
            raise IdentityError("the connection is not known any more")
        logger().info("authenticated", extra={**who, "expires": expires})
        return Notice(re=re, code="authenticated", message=notice_message("authenticated", language))
