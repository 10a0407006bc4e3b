"""One local cloud for the scenarios of PEERS.md, with every interval scaled down.

A heartbeat a second and leases of three: what takes a minute in AWS takes seconds here, in the same order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest

from localcloud.cloud import LocalCloud
from localcloud.gateway.limits import AWS_LIMITS
from tests.scenarios.stage import HEARTBEAT, LEASE, ROOT, Stage, figures
from thinkaloud.state.dynamo_conversations import DynamoConversations


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("cloud")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures():
        terminalreporter.section("scenarios")
    for line in figures():
        terminalreporter.line(line)


@pytest.fixture(scope="package")
async def cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalCloud]:
    """The running cloud. Functions of a route have 2.9 s in place of 29; a retry waits until a lease is over."""
    async with LocalCloud(
        ROOT,
        port=0,
        state=tmp_path_factory.mktemp("scenarios"),
        environ={"HEARTBEAT_SECONDS": str(HEARTBEAT), "LEASE_SECONDS": str(LEASE), "MAX_CONNECTIONS": "100"},
        pace=0,
        limits=AWS_LIMITS.scaled(0.1),
        retry_delays_s=(LEASE + 3.0,),
        max_concurrency=12,
    ) as running:
        await running.functions.warm({"DefaultFunction": 2, "TurnFunction": 3})
        yield running


@pytest.fixture
def stage(cloud: LocalCloud) -> Iterator[Stage]:
    """The cloud with what tests do to it; whatever one broke works again after it."""
    yield Stage(cloud, conversations(cloud))
    cloud.models.controls.drop_overrides()
    cloud.models.controls.drop_faults()
    cloud.models.catalogue.library.restore()
    cloud.pinecone.faults.clear()
    cloud.gateway.faults.clear_all()


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
