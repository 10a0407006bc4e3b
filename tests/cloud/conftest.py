"""One local cloud for all end-to-end tests, started from template.yaml as `make dev` starts it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest

from localcloud.cloud import LocalCloud
from thinkaloud.client import Client, new_id
from thinkaloud.state.dynamo_conversations import DynamoConversations

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("cloud")


@pytest.fixture(scope="session")
async def cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalCloud]:
    """The running cloud; its model answers without delay."""
    state = tmp_path_factory.mktemp("thinkaloud")
    async with LocalCloud(ROOT, port=0, state=state, environ={}, pace=0, redelivery_s=1) as running:
        yield running


@pytest.fixture
async def client(cloud: LocalCloud) -> AsyncIterator[Client]:
    async with Client(cloud.ws_url, cloud.token()) as connected:
        yield connected


@pytest.fixture
def session() -> str:
    return new_id("s")


@pytest.fixture
def conversations(cloud: LocalCloud) -> DynamoConversations:
    """The table that the functions write to."""
    environment = cloud.aws.environment
    dynamodb = boto3.client(
        "dynamodb",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    [table] = dynamodb.list_tables()["TableNames"]
    return DynamoConversations(dynamodb, table)


@pytest.fixture(autouse=True)
def calm(cloud: LocalCloud) -> Iterator[None]:
    """Whatever a test broke works again after it."""
    yield
    cloud.models.controls.drop_overrides()
    cloud.models.controls.drop_faults()
    cloud.pinecone.faults.clear()
    cloud.gateway.faults.clear_all()
    cloud.events.faults.clear()
