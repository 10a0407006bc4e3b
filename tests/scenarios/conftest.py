"""One local cloud for the scenarios of PEERS.md, with every interval scaled down.

A heartbeat a second and leases of three: what takes a minute in AWS takes seconds here, in the same order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from localcloud.gateway.limits import AWS_LIMITS
from tests.scenarios.stage import Stage, figures, opened


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
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The cloud that most scenarios share. Functions of a route have 2.9 s in place of 29."""
    async with opened(tmp_path_factory.mktemp("scenarios"), limits=AWS_LIMITS.scaled(0.1)) as stage:
        await stage.cloud.functions.warm({"DefaultFunction": 2, "TurnFunction": 3})
        yield stage


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    """The same; whatever a test broke works again after it."""
    yield running
    cloud = running.cloud
    cloud.models.controls.drop_overrides()
    cloud.models.controls.drop_faults()
    cloud.models.catalogue.library.restore()
    cloud.pinecone.faults.clear()
    cloud.gateway.faults.clear_all()
