import asyncio
import json
from pathlib import Path

import pytest

from console.local import CHECKOUT, NoLocalCloud, RunningCloud, project_folder, running_cloud
from tests.client.scripted import listen, scripted_server

CONFIG = {"token": "jwt", "model": "extractive", "model_note": {"en": "Quotes.", "zh": "摘录。"}}


def announce(project: Path, text: str) -> None:
    (project / ".thinkaloud").mkdir()
    (project / ".thinkaloud" / "local.json").write_text(text, encoding="utf-8")


def test_the_project_is_found_from_inside_it(project: Path):
    inside = project / "a" / "b"
    inside.mkdir(parents=True)
    assert project_folder(inside) == project.resolve()


def test_elsewhere_it_is_the_checkout_of_this_command(tmp_path: Path):
    assert project_folder(tmp_path) == CHECKOUT


def test_what_the_cloud_wrote(project: Path):
    announce(project, json.dumps({"page": "http://127.0.0.1:9/", "ws": "ws://...", "environment": {"TOP_K": "5"}}))
    assert running_cloud(project) == RunningCloud("http://127.0.0.1:9/", {"TOP_K": "5"})


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"ws": "ws://127.0.0.1:1/"}', '{"page": "x", "environment": 3}'])
def test_a_file_that_cannot_be_read_is_no_cloud(project: Path, text: str):
    announce(project, text)
    with pytest.raises(NoLocalCloud):
        running_cloud(project)


def test_no_file_is_no_cloud(project: Path):
    with pytest.raises(NoLocalCloud, match="make dev"):
        running_cloud(project)


async def test_the_endpoint_of_a_running_cloud():
    async with scripted_server(listen, config=CONFIG) as server:
        endpoint = await asyncio.to_thread(RunningCloud(server.page, {}).endpoint)
        assert (endpoint.url, endpoint.model) == (server.ws, "extractive")
        assert endpoint.notes == {"en": "Quotes.", "zh": "摘录。"}
        assert await endpoint.token() == "jwt"


async def test_a_cloud_that_is_gone():
    async with scripted_server(listen, config=CONFIG) as server:
        page = server.page
    with pytest.raises(NoLocalCloud):
        await asyncio.to_thread(RunningCloud(page, {}).config)


async def test_another_program_on_its_port():
    async with scripted_server(listen, config={"hello": "there"}) as server:
        with pytest.raises(NoLocalCloud):
            await asyncio.to_thread(RunningCloud(server.page, {}).config)
