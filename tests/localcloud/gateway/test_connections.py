from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from localcloud.gateway.connections import NO_CLOSE_FRAME, NO_STATUS, Connections, ending
from localcloud.gateway.errors import Gone

CLIENT = Close(1001, "tab closed")
GATEWAY = Close(1000, "Connection Closed Normally")


@pytest.mark.parametrize(
    ("received", "sent", "received_first", "expected"),
    [
        (CLIENT, CLIENT, True, (1001, "tab closed")),
        (Close(1000, ""), Close(1000, ""), True, (1000, "")),
        (Close(1005, ""), Close(1005, ""), True, (1005, NO_STATUS)),
        (CLIENT, GATEWAY, False, (1000, "Connection Closed Normally")),
        (None, GATEWAY, None, (1000, "Connection Closed Normally")),
        (CLIENT, None, None, (1001, "tab closed")),
        (None, None, None, (1006, NO_CLOSE_FRAME)),
    ],
    ids=["client", "client, no reason", "client, no status", "gateway", "gateway, unanswered", "unechoed", "line"],
)
def test_the_side_that_closed_first_says_why(
    received: Close | None, sent: Close | None, received_first: bool | None, expected: tuple[int, str]
) -> None:
    assert ending(ConnectionClosedError(received, sent, received_first)) == expected


def test_what_is_not_open_is_gone() -> None:
    with pytest.raises(Gone):
        Connections().find("BFaT_fALIAMCKug=")
