"""What starts workers, for the functions `default`, `turn` and `settle`."""

from __future__ import annotations

import os

import boto3
from botocore.config import Config

from thinkaloud.dialogue.work.job import LambdaDispatcher
from thinkaloud.settings import DispatchSettings, read

_CONFIG = Config(connect_timeout=1.0, read_timeout=5.0, retries={"mode": "standard", "total_max_attempts": 3})


def dispatcher() -> LambdaDispatcher:
    """Invokes the turn function of the environment."""
    return LambdaDispatcher(boto3.client("lambda", config=_CONFIG), read(DispatchSettings, os.environ).function)
