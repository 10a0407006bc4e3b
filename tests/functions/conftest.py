from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import boto3
import pytest
from moto import mock_aws

from localcloud.template.document import load_document
from thinkaloud.wiring import authorizer, connections, reception, settle, stream, turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROOT = Path(__file__).parents[2]
TABLE = "state"
REGION = "eu-west-1"
#: What the tokens in events/authorizer-*.json are signed with, as events/README.md says.
SECRET = "only-for-the-events-in-this-folder-0123456789"


class App(Protocol):
    """A module `functions/<name>/app.py`."""

    def handler(self, event: dict[str, Any], context: object) -> dict[str, Any]: ...


def load(name: str) -> App:
    """The function's module, imported anew."""
    spec = importlib.util.spec_from_file_location(f"{name}_app", ROOT / "functions" / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("App", module)


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text(encoding="utf-8"))
    return loaded


def forget_wiring() -> None:
    """The wiring keeps clients for the life of a process; here each test is one."""
    for built in (
        authorizer.verifier,
        connections.connections,
        connections.allowed_origins,
        connections.doorman,
        connections.management,
        reception.reception,
        turn.worker,
        settle.worker,
        stream.runner,
    ):
        built.cache_clear()


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[DynamoDBClient, str]]:
    """AWS by moto: its DynamoDB, and the ARN of the secret of the tokens in events/."""
    with mock_aws():
        secret = boto3.client("secretsmanager", REGION).create_secret(Name="jwt", SecretString=SECRET)
        yield boto3.client("dynamodb", REGION), secret["ARN"]


@pytest.fixture
def aws(account: tuple[DynamoDBClient, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    """The template's table, empty, and the variables of the functions that use it."""
    dynamodb, secret_arn = account
    for name, value in {
        "AWS_DEFAULT_REGION": REGION,
        "TABLE_NAME": TABLE,
        "TURN_FUNCTION": "turn",
        "GATEWAY_DOMAIN": "execute-api.eu-west-1.amazonaws.com",
        "ALLOWED_ORIGINS": "https://app.example.com",
        "JWT_ALGORITHM": "HS256",
        "JWT_ISSUER": "https://login.example.com/",
        "JWT_AUDIENCE": "thinkaloud",
        "JWT_SECRET_ARN": secret_arn,
    }.items():
        monkeypatch.setenv(name, value)
    dynamodb.create_table(TableName=TABLE, **table_definition())
    forget_wiring()
    yield dynamodb
    forget_wiring()
    if TABLE in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=TABLE)


@cache
def table_definition() -> dict[str, Any]:
    """What shapes the one table, as the template has it."""
    properties = load_document(ROOT / "template.yaml").body["Resources"]["StateTable"]["Properties"]
    return {name: properties[name] for name in ("AttributeDefinitions", "BillingMode", "KeySchema")}


def stored(dynamodb: DynamoDBClient) -> list[tuple[str, str]]:
    """The keys of everything in the table."""
    return sorted((item["pk"]["S"], item["sk"]["S"]) for item in dynamodb.scan(TableName=TABLE)["Items"])
