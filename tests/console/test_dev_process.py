"""`thinkaloud dev` as people run it: the whole cloud in a process, which signals reach."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.console.command import Finished, finish, start, thinkaloud
from tests.localcloud.processes import children, gone
from tests.localcloud.project import small_project

pytestmark = pytest.mark.cloud

READY = re.compile(
    r"ready  page (http://127\.0\.0\.1:\d+/)  ws (ws://127\.0\.0\.1:\d+/live)  http (http://127\.0\.0\.1:\d+)"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of whoever runs the tests: no models, no index, no AWS."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


class Running:
    """A cloud that has said it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, lines: list[str]) -> None:
        self.process = process
        self.lines = lines
        self.children = children(process.pid)

    async def end(self, number: signal.Signals) -> Finished:
        """Send the signal, and wait until the process and all that it started are gone."""
        self.process.send_signal(number)
        finished = await finish(self.process)
        for pid in self.children:
            assert await gone(pid)
        return finished


@asynccontextmanager
async def running(project: Path, environment: dict[str, str], *options: str) -> AsyncIterator[Running]:
    process = await start("dev", "--port", "0", *options, cwd=project, env=environment)
    assert process.stdout is not None
    try:
        lines: list[str] = []
        async with asyncio.timeout(60):
            while not (lines and lines[-1].startswith("ready")):
                line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()
                lines.append(line.decode().rstrip("\n"))
        yield Running(process, lines)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_it_starts_answers_and_ends(project: Path, environment: dict[str, str]):
    async with running(project, environment) as cloud:
        assert READY.fullmatch(cloud.lines[-1])
        assert all(re.fullmatch(r" *\d+\.\d s  \S.*", line) for line in cloud.lines[:-1])
        assert len(cloud.children) >= 6, "moto and five functions"

        asked = await thinkaloud(
            "chat", "--once", "How long does a refund take?", "--json", cwd=project, env=environment
        )
        assert asked.frames[-1]["type"] == "complete"
        assert asked.frames[-1]["citations"]

        second = await thinkaloud("dev", "--port", "0", cwd=project, env=environment)
        assert (second.code, second.out) == (1, "")
        assert "is running already" in second.err

        ended = await cloud.end(signal.SIGINT)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert not (project / ".thinkaloud" / "local.json").exists()


async def test_children_go_with_it_even_when_it_is_killed_and_it_starts_again(
    project: Path, environment: dict[str, str]
):
    async with running(project, environment, "--no-samples") as cloud:
        await cloud.end(signal.SIGKILL)
    assert (project / ".thinkaloud" / "local.json").exists()

    async with running(project, environment, "--no-samples", "--verbose") as cloud:
        announced = json.loads((project / ".thinkaloud" / "local.json").read_text())
        assert announced["pid"] == cloud.process.pid
        await thinkaloud("chat", "--once", "How long does a refund take?", cwd=project, env=environment)
        ended = await cloud.end(signal.SIGTERM)
    assert (ended.code, ended.out) == (0, "")
    assert 'TurnFunction  {"level":"INFO"' in ended.err
