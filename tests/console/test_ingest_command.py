"""`thinkaloud ingest` as somebody runs it."""

from __future__ import annotations

import json
import signal
import string
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import pytest

from console.document_words import _REASONS, document_words, reason, trouble
from console.ingest import Stage, State
from tests.client.scripted import listen, scripted_server
from tests.console.command import THINKALOUD, Finished, environment, finish, start, thinkaloud
from tests.console.terminal import Terminal
from tests.http_api import HttpApi, bearer
from thinkaloud.client.errors import CannotConnect, RequestRefused


@pytest.fixture
async def api() -> AsyncIterator[HttpApi]:
    async with HttpApi() as api:
        yield api


@pytest.fixture
def folder(project: Path) -> Path:
    folder = project / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("Ten days.")
    (folder / "年假.pdf").write_bytes(b"%PDF")
    return folder


async def ingest(api: HttpApi, project: Path, *arguments: str, **variables: str) -> Finished:
    env = environment(**{"THINKALOUD_TOKEN": bearer(), **variables})
    return await thinkaloud("ingest", "--url", api.url, *arguments, cwd=project, env=env)


async def test_lines_and_a_summary(api: HttpApi, project: Path, folder: Path):
    finished = await ingest(api, project, "handbook")
    lines = finished.out.splitlines()
    assert sorted(lines[:2]) == ["loaded  handbook/leave.md  1 passage", "loaded  handbook/年假.pdf  1 passage"]
    assert lines[2] == "2 loaded (passages: 2), 0 unchanged, 0 deleted, 0 failed"
    assert (finished.code, finished.err) == (0, "")


async def test_json_and_the_exit_code_of_a_failure(api: HttpApi, project: Path, folder: Path):
    api.fates["handbook/年假.pdf"] = "scanned"
    finished = await ingest(api, project, "--json", "handbook", "--jobs", "1")
    assert finished.code == 1
    loaded, failed, summary = finished.frames
    assert loaded.pop("seconds") >= 0
    assert loaded == {
        "name": "handbook/leave.md",
        "state": "ready",
        "document": api.named("handbook/leave.md")["id"],
        "chunks": 1,
        "code": "",
        "message": "",
    }
    assert (failed["name"], failed["state"], failed["code"]) == ("handbook/年假.pdf", "failed", "scanned")
    assert summary == {
        "ready": 1, "unchanged": 0, "deleted": 0, "absent": 0, "failed": 1, "chunks": 1, "complete": False,
    }  # fmt: skip


async def test_in_chinese(api: HttpApi, project: Path, folder: Path):
    api.fates["handbook/年假.pdf"] = "scanned"
    finished = await ingest(api, project, "handbook", LANG="zh_CN.UTF-8")
    assert "失败  handbook/年假.pdf  页面都是图片，没有可检索的文字。请先做文字识别（OCR）。" in finished.out
    assert finished.out.splitlines()[-1] == "导入 1 个（1 段），未变 0 个，删除 0 个，失败 1 个"


async def test_into_the_local_cloud_that_runs(api: HttpApi, project: Path, folder: Path):
    async with scripted_server(listen, config={"token": bearer(), "http": api.url}) as server:
        (project / ".thinkaloud").mkdir()
        (project / ".thinkaloud" / "local.json").write_text(json.dumps({"page": server.page}))
        finished = await thinkaloud("ingest", "handbook", cwd=project)
        deleted = await thinkaloud("ingest", "--delete", "handbook", cwd=project)
    assert (finished.code, len(api.uploads)) == (0, 2)
    assert deleted.out.splitlines()[-1] == "0 loaded (passages: 0), 0 unchanged, 2 deleted, 0 failed"
    assert api.documents == {}


async def test_bars_then_a_table_on_a_terminal(api: HttpApi, project: Path, folder: Path):
    api.fates["handbook/年假.pdf"] = "encrypted"
    api.reading.clear()
    env = environment(THINKALOUD_TOKEN=bearer())
    async with Terminal(
        THINKALOUD, "ingest", "--url", api.url, "handbook", cwd=project, env=env, columns=100
    ) as terminal:
        await terminal.until("All files", "0/2", "handbook/leave.md", "waiting to be read")
        api.reading.set()
        shown = await terminal.until("1 loaded (passages: 1), 0 unchanged, 0 deleted, 1 failed")
        assert await terminal.end() == 1
    assert "It is locked with a password. Save it without one." in shown
    assert "Outcome" in shown
    assert "All files" not in shown


async def test_ctrl_c_says_how_to_go_on(api: HttpApi, project: Path, folder: Path):
    api.reading.clear()
    env = environment(THINKALOUD_TOKEN=bearer())
    process = await start("ingest", "--url", api.url, "handbook", cwd=project, env=env)
    await api.arrived(2)
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert finished.code == 130
    assert finished.err == "Interrupted. The same command goes on where this one ended.\n"


async def test_nobody_is_there(project: Path, folder: Path):
    finished = await thinkaloud("ingest", "handbook", cwd=project)
    assert finished.code == 1
    assert finished.err == (
        "thinkaloud: No local cloud is running. Start one with `make dev`, or name another with --url and --token.\n"
    )


async def test_a_token_that_is_not_accepted(api: HttpApi, project: Path, folder: Path):
    api.revoked.add("old")
    finished = await ingest(api, project, "handbook", THINKALOUD_TOKEN="old")
    assert finished.code == 1
    assert finished.err == "thinkaloud: Ended early: The token is not accepted; it may have run out.\n"
    assert "Traceback" not in finished.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--url", "https://x.example", "a.md"], "it needs --token"),
        (["--url", "http://x.example", "--token", "t", "."], "would send the token in the open"),
        (["--url", "https://x.example", "--token", "t", "none/*.md"], "There is no file in what was given."),
        (["--jobs", "0", "a.md"], "--jobs"),
        (["--locale", "中文", "a.md"], "it is no locale"),
    ],
)
async def test_arguments_that_cannot_be(project: Path, arguments: list[str], problem: str):
    (project / "b.md").write_text("B.")
    finished = await thinkaloud("ingest", *arguments, cwd=project)
    assert finished.code in (1, 2)
    assert problem in finished.err
    assert "Traceback" not in finished.err


def test_both_languages_say_the_same_things():
    def marks(text: str) -> list[str | None]:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]

    english, chinese = asdict(document_words("en")), asdict(document_words("zh"))
    for name in english:
        assert marks(english[name]) == marks(chinese[name]), name
    assert _REASONS["en"].keys() == _REASONS["zh"].keys()
    assert {*get_args(State), *get_args(Stage)} <= english.keys()


def test_reasons():
    assert reason("bomb", "x", "zh").startswith("解压后")
    assert reason("new", "What the server says.", "zh") == "What the server says."
    assert trouble(RequestRefused(403, "forbidden", "no"), "en").startswith("The token does not allow this")
    assert trouble(CannotConnect("nobody"), "zh") == "无法连接服务器（nobody）"
