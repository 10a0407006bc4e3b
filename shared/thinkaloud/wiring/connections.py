"""The parts of the `connect` and `disconnect` functions."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

import boto3

from thinkaloud.dialogue.entry.doorman import Doorman
from thinkaloud.gateway import presence
from thinkaloud.gateway.events import Endpoint
from thinkaloud.settings import ConnectionSettings, OriginSettings, TableSettings, read
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.state.stores import ConnectionStore

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


@cache
def connections() -> ConnectionStore:
    """The connections in the table."""
    return DynamoConnections(boto3.client("dynamodb", config=CLIENT_CONFIG), read(TableSettings, os.environ).name)


@cache
def allowed_origins() -> tuple[str, ...]:
    """The pages that may open a socket."""
    return read(OriginSettings, os.environ).allowed


@cache
def doorman(endpoint: Endpoint) -> Doorman:
    """What admits connections to this endpoint."""
    settings = read(ConnectionSettings, os.environ)
    client = partial(management, endpoint, settings.domain)
    return Doorman(connections(), presence.ManagementPresence(client), settings.most)


@cache
def management(endpoint: Endpoint, domain: str) -> ApiGatewayManagementApiClient:
    """The management API of the endpoint that an event came through.

    No variable can hold its address: the API depends on the functions of its routes, so they cannot depend on the API.
    botocore's own variable for this service goes before, as it does for every other; the local cloud sets it.
    """
    given = os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=given or f"https://{endpoint.api}.{domain}/{endpoint.stage}",
        config=presence.CLIENT_CONFIG,
    )
