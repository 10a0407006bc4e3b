"""A worker with its stores and its way to the readers, for the functions `turn` and `settle`."""

from __future__ import annotations

import asyncio
import os
from functools import cache

import boto3

from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.work.means import Rhythm, Stores
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.gateway import poster
from thinkaloud.settings import GatewaySettings, HeartbeatSettings, StreamSettings, TableSettings, read
from thinkaloud.state.dynamo_audits import DynamoAudits
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl, DynamoJournal
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.stream.pace import Pace
from thinkaloud.wiring.dispatch import dispatcher


@cache
def runner() -> asyncio.Runner:
    """One event loop for all turns of this process: connections kept alive belong to it."""
    return asyncio.Runner()


def make_worker(abilities: Abilities | None, audit_days: int = 0) -> Worker:
    """A worker as the environment sets it up; without abilities it only closes turns.

    Audits are kept for `audit_days`; 0 for none.
    """
    table = read(TableSettings, os.environ).name
    stream = read(StreamSettings, os.environ)
    client = boto3.client("dynamodb", config=CLIENT_CONFIG)
    management = boto3.client(
        "apigatewaymanagementapi", endpoint_url=read(GatewaySettings, os.environ).url, config=poster.CLIENT_CONFIG
    )
    return Worker(
        Stores(
            DynamoConversations(client, table),
            DynamoJournal(client, table, stream.journal_seconds),
            DynamoControl(client, table),
            DynamoConnections(client, table),
            DynamoAudits(client, table, audit_days) if audit_days else None,
        ),
        poster.ManagementPoster(management),
        abilities,
        dispatcher(),
        rhythm=Rhythm(
            abandon=stream.abandon_seconds,
            heartbeat=read(HeartbeatSettings, os.environ).seconds,
            lease=stream.lease_seconds,
        ),
        pace=Pace(characters=stream.reader_characters or None),
    )
