"""The built output answers questions: every function runs under awslambdaric with nothing but what the build ships."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import docx
import pytest

from localcloud.cloud import LocalCloud
from localcloud.functions.service import LambdaService
from localcloud.template.model import Application, Function
from tests.build.conftest import FUNCTIONS, ROOT
from tests.cloud.conversation import ask
from tests.cloud.library import Library
from tests.localcloud.processes import children
from thinkaloud.client import Client, new_id

pytestmark = [pytest.mark.build, pytest.mark.cloud]


@pytest.fixture(scope="module")
async def cloud(built: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalCloud]:
    """The local cloud with the built template in place of the project's."""
    template, state = built / "template.yaml", tmp_path_factory.mktemp("state")
    async with LocalCloud(ROOT, port=0, template=template, state=state, environ={}, pace=0) as running:
        yield running


@pytest.mark.parametrize(
    ("question", "page", "words"),
    [
        ("How long does a refund take?", "handbook/en/refunds.md", "working days"),
        ("我们部门今年的年假额度是多少？", "handbook/zh/annual-leave.md", "年假"),
    ],
)
async def test_the_built_functions_answer(cloud: LocalCloud, question: str, page: str, words: str) -> None:
    async with Client(cloud.ws_url, cloud.token()) as client:
        heard = await ask(client, question, session=new_id("s"))
    assert heard.last["type"] == "complete"
    assert heard.numbers == list(range(1, len(heard.numbers) + 1))
    assert words in heard.text
    uris = {doc["id"]: doc["uri"] for doc in heard.of("source")[0]["docs"]}
    assert page in {uris[citation["source"]] for citation in heard.last["citations"]}


async def test_the_built_functions_take_a_document_in_and_out(cloud: LocalCloud) -> None:
    """A Word file: `ingest` reads it with libraries that only its own folder has."""
    file = io.BytesIO()
    written = docx.Document()
    written.add_heading("Bicycles", 1)
    written.add_paragraph("The company bicycle has nine gears.")
    written.save(file)
    async with aiohttp.ClientSession() as http:
        library = Library(cloud, http, tenant="built")
        document = await library.load("bicycles.docx", file.getvalue())
        assert (document["status"], document["chunks"]) == ("ready", 1), document
        status, _ = await library.call("DELETE", f"/documents/{document['id']}")
        assert status == 202
        await library.gone(document["id"])


async def test_the_last_of_them_runs_too(cloud: LocalCloud) -> None:
    """Nothing that a client sees depends on `$disconnect`."""
    event = json.loads((ROOT / "events/disconnect.json").read_text())
    assert (await cloud.functions.invoke("DisconnectFunction", event)).payload == {"statusCode": 200}


async def test_every_process_imports_from_the_built_folders_alone(cloud: LocalCloud, built: Path) -> None:
    paths = [found["path"] for pid in children(os.getpid()) if (found := worker_settings(pid))]
    ours = [path for path in paths if Path(path[0]).parent == built]  # other tests' clouds may run beside this one
    assert {Path(path[0]).name for path in ours} == set(FUNCTIONS)
    assert all(path[1:] == [str(built / "SharedLayer" / "python")] for path in ours)


async def test_what_is_installed_here_cannot_be_imported_there(built: Path, tmp_path: Path) -> None:
    """A function of its own over the built layer, which looks for what only this machine has."""
    (tmp_path / "app.py").write_text(
        "import importlib.util, sys, thinkaloud\n"
        "def handler(names, context):\n"
        "    found = [name for name in names if importlib.util.find_spec(name)]\n"
        "    return [found, thinkaloud.__file__, [path for path in sys.path if 'site-packages' in path]]\n"
    )
    probe = Function(
        logical_id="Probe",
        name="probe",
        handler="app.handler",
        runtime="python3.13",
        code=tmp_path,
        layers=(built / "SharedLayer",),
        timeout_s=5.0,
        memory_mb=128,
        environment={},
    )
    shipped, here = (
        ["boto3", "openai", "pinecone", "pydantic"],
        ["moto", "pytest", "websockets", "localcloud", "console"],
    )
    async with LambdaService(Application({}, {"Probe": probe}, {}, {}, {})) as functions:
        found, package, foreign = (await functions.invoke("probe", shipped + here)).payload
    assert found == shipped
    assert Path(package).is_relative_to(built)
    assert foreign == []


def worker_settings(pid: int) -> dict[str, Any] | None:
    """What a worker was started with: the last word of its command line. None for another process."""
    command = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    _, found, settings = command.stdout.partition("bootstrap.py ")
    return json.loads(settings) if found else None
