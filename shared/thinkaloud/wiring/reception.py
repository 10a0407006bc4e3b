"""The parts of the `default` function."""

from __future__ import annotations

import os
from functools import cache

import boto3
from botocore.config import Config

from thinkaloud.dialogue.job import LambdaDispatcher
from thinkaloud.dialogue.reception import Reception
from thinkaloud.settings import DispatchSettings, TableSettings, read
from thinkaloud.state.dynamodb import CLIENT_CONFIG, DynamoConversations

_INVOKE_CONFIG = Config(connect_timeout=1.0, read_timeout=5.0, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def reception() -> Reception:
    """What answers client frames."""
    table = read(TableSettings, os.environ).name
    return Reception(
        DynamoConversations(boto3.client("dynamodb", config=CLIENT_CONFIG), table),
        LambdaDispatcher(boto3.client("lambda", config=_INVOKE_CONFIG), read(DispatchSettings, os.environ).function),
    )
