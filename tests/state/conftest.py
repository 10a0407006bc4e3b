from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from localcloud.aws.server import make_writes_atomic
from localcloud.template.document import load_document
from thinkaloud.state.audit import AuditStore, MemoryAudits
from thinkaloud.state.dynamo_audits import DynamoAudits
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl, DynamoJournal
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.stores import ConnectionStore, ControlStore, ConversationStore, JournalStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def table_definition() -> dict[str, Any]:
    """What shapes the one table, as the template has it."""
    properties = load_document(TEMPLATE).body["Resources"]["StateTable"]["Properties"]
    return {name: properties[name] for name in ("AttributeDefinitions", "BillingMode", "KeySchema")}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDBClient]:
    """DynamoDB by moto, one call at a time: by itself moto lets parallel conditional writes slip past each other."""
    call_action = DynamoHandler.call_action
    make_writes_atomic()
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")
    DynamoHandler.call_action = call_action  # type: ignore[method-assign]


@pytest.fixture
def table(dynamodb: DynamoDBClient, table_definition: dict[str, Any]) -> str:
    """The name of an empty table."""
    name = f"state-{next(_NUMBERS)}"
    dynamodb.create_table(TableName=name, **table_definition)
    return name


@pytest.fixture(params=["memory", "dynamodb"])
def conversations(request: pytest.FixtureRequest) -> ConversationStore:
    if request.param == "memory":
        return MemoryConversations()
    return DynamoConversations(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


@pytest.fixture(params=["memory", "dynamodb"])
def connections(request: pytest.FixtureRequest) -> ConnectionStore:
    if request.param == "memory":
        return MemoryConnections()
    return DynamoConnections(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


@pytest.fixture(params=["memory", "dynamodb"])
def journal(request: pytest.FixtureRequest) -> JournalStore:
    if request.param == "memory":
        return MemoryJournal()
    return DynamoJournal(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"), lifetime=3_600)


@pytest.fixture(params=["memory", "dynamodb"])
def control(request: pytest.FixtureRequest) -> ControlStore:
    if request.param == "memory":
        return MemoryControl()
    return DynamoControl(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


@pytest.fixture(params=["memory", "dynamodb"])
def audits(request: pytest.FixtureRequest) -> AuditStore:
    if request.param == "memory":
        return MemoryAudits()
    return DynamoAudits(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"), days=30)
