"""The parts of the `default` function."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, cast

import boto3
from botocore.config import Config

from thinkaloud.dialogue.admission import BusyPolicy
from thinkaloud.dialogue.authentication import Authentication
from thinkaloud.dialogue.job import LambdaDispatcher
from thinkaloud.dialogue.reception import Reception
from thinkaloud.settings import DispatchSettings, HeartbeatSettings, TableSettings, read
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl
from thinkaloud.state.items import CLIENT_CONFIG

if TYPE_CHECKING:
    from thinkaloud.identity.tokens import TokenVerifier

_INVOKE_CONFIG = Config(connect_timeout=1.0, read_timeout=5.0, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def reception() -> Reception:
    """What answers client frames."""
    table = read(TableSettings, os.environ).name
    dispatch = read(DispatchSettings, os.environ)
    client = boto3.client("dynamodb", config=CLIENT_CONFIG)
    return Reception(
        DynamoConversations(client, table),
        DynamoControl(client, table),
        LambdaDispatcher(boto3.client("lambda", config=_INVOKE_CONFIG), dispatch.function),
        Authentication(DynamoConnections(client, table), _verifier),
        busy=cast("BusyPolicy", dispatch.busy),
        heartbeat=read(HeartbeatSettings, os.environ).seconds,
    )


def _verifier() -> TokenVerifier:
    # PyJWT with its cryptography takes longer to import than most messages take, and only an `auth` needs it.
    from thinkaloud.wiring.authorizer import verifier

    return verifier()
