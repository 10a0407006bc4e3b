"""The parts of the `default` function."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, cast

import boto3

from thinkaloud.dialogue.entry.admission import BusyPolicy
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.reception import Reception
from thinkaloud.settings import BusySettings, HeartbeatSettings, TableSettings, read
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.wiring.dispatch import dispatcher

if TYPE_CHECKING:
    from thinkaloud.identity.tokens import TokenVerifier


@cache
def reception() -> Reception:
    """What answers client frames."""
    table = read(TableSettings, os.environ).name
    client = boto3.client("dynamodb", config=CLIENT_CONFIG)
    return Reception(
        DynamoConversations(client, table),
        DynamoControl(client, table),
        dispatcher(),
        Authentication(DynamoConnections(client, table), _verifier),
        busy=cast("BusyPolicy", read(BusySettings, os.environ).policy),
        heartbeat=read(HeartbeatSettings, os.environ).seconds,
    )


def _verifier() -> TokenVerifier:
    # PyJWT with its cryptography takes longer to import than most messages take, and only an `auth` needs it.
    from thinkaloud.wiring.authorizer import verifier

    return verifier()
