"""AWS clients and secrets. Endpoints come from AWS_ENDPOINT_URL and its kin where they are set."""

from __future__ import annotations

import boto3
from botocore.config import Config

#: What a request without an API key sends in its place; local models take any.
NO_KEY = "none"


def secret(arn: str) -> str:
    """The text of a secret in Secrets Manager.

    Raises:
        botocore.exceptions.ClientError: it does not exist, or this function may not read it.
    """
    config = Config(connect_timeout=1.0, read_timeout=3.0, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("secretsmanager", config=config).get_secret_value(SecretId=arn)["SecretString"]


def api_key(arn: str) -> str:
    """The API key stored under `arn`, or a stand-in where none is configured."""
    return secret(arn) if arn else NO_KEY
