"""The parts of the `connect` and `disconnect` functions."""

from __future__ import annotations

import os
from functools import cache

import boto3

from thinkaloud.settings import OriginSettings, TableSettings, read
from thinkaloud.state.dynamodb import CLIENT_CONFIG, DynamoConnections
from thinkaloud.state.stores import ConnectionStore


@cache
def connections() -> ConnectionStore:
    """The connections in the table."""
    return DynamoConnections(boto3.client("dynamodb", config=CLIENT_CONFIG), read(TableSettings, os.environ).name)


@cache
def allowed_origins() -> tuple[str, ...]:
    """The pages that may open a socket."""
    return read(OriginSettings, os.environ).allowed
