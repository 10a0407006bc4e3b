"""The one table of template.yaml, made anew in a DynamoDB that is empty."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from localcloud.template.document import load_document

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "benchmark"
_TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def create_table(client: DynamoDBClient | None = None) -> None:
    """Create the table by `client`, or by one that the environment describes."""
    properties: dict[str, Any] = load_document(_TEMPLATE).body["Resources"]["StateTable"]["Properties"]
    shape = {name: properties[name] for name in ("AttributeDefinitions", "BillingMode", "KeySchema")}
    (client or boto3.client("dynamodb")).create_table(TableName=TABLE, **shape)
