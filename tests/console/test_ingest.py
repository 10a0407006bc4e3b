"""What becomes of files and documents in a run, against a stand-in for the HTTP API."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.document_words import document_words
from console.files import files_in
from console.ingest import Outcome, Report, Run, Stage
from tests.http_api import HttpApi, bearer
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.documents import Documents
from thinkaloud.client.errors import CannotConnect, RequestRefused


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.stages: list[tuple[str, Stage, int, int | None]] = []
        self.running: set[str] = set()
        self.most = 0

    def begin(self, name: str) -> None:
        self.begun.append(name)
        self.running.add(name)
        self.most = max(self.most, len(self.running))

    def stage(self, name: str, stage: Stage, done: int = 0, total: int | None = None) -> None:
        self.stages.append((name, stage, done, total))

    def end(self, outcome: Outcome) -> None:
        self.running.discard(outcome.name)


@pytest.fixture
async def api() -> AsyncIterator[HttpApi]:
    async with HttpApi() as api:
        yield api


@pytest.fixture
def told() -> Told:
    return Told()


def write(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


async def run(
    api: HttpApi, told: Told, *given: Path, delete: tuple[str, ...] = (), at_once: int = 4, token: str = ""
) -> Report:
    async def source() -> str:
        return token or bearer()

    report = Report()
    backoff = Backoff(attempts=2, first=0, most=0)
    async with Documents(api.url, source, backoff=backoff) as documents:
        one = Run(documents, told, document_words("en"), report, at_once=at_once)
        await (one.delete(delete) if delete else one.load(files_in(map(str, given))))
    return report


def states(report: Report) -> dict[str, str]:
    return {outcome.name: outcome.code or outcome.state for outcome in report.outcomes}


async def test_a_folder_is_loaded_to_its_end(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "handbook", leave__md="# Leave\n\nTen days.", notes__txt="Some notes.")
    write(folder / "zh", leave__md="# 年假\n\n每年十天。")
    report = await run(api, told, folder)
    assert report.complete
    assert report.count("ready") == 3
    assert report.chunks == sum(document["chunks"] for document in api.documents.values())
    assert api.uploads["handbook/zh/leave.md"] == ["# 年假\n\n每年十天。".encode()]
    stages = [(stage, done, total) for name, stage, done, total in told.stages if name == "handbook/leave.md"]
    assert stages == [
        ("hashing", 0, None),
        ("uploading", 0, 18),
        ("uploading", 18, 18),
        ("queued", 0, None),
        ("reading", 0, 2),
        ("reading", 1, 2),
        ("reading", 2, 2),
    ]


async def test_a_second_time_nothing_is_sent(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "handbook", leave__md="Ten days.", other__md="Other.")
    await run(api, told, folder)
    write(folder, other__md="Changed.")
    report = await run(api, told, folder)
    assert states(report) == {"handbook/leave.md": "unchanged", "handbook/other.md": "ready"}
    assert api.uploads["handbook/leave.md"] == [b"Ten days."]
    assert api.uploads["handbook/other.md"] == [b"Other.", b"Changed."]


@pytest.mark.parametrize("status", ["queued", "reading"])
async def test_what_is_still_being_read_is_followed_and_not_sent_again(
    tmp_path: Path, api: HttpApi, told: Told, status: str
):
    folder = write(tmp_path / "handbook", leave__md="Ten days.")
    digest = hashlib.sha256(b"Ten days.").hexdigest()
    progress = {"done": 0, "total": 2}
    api.put("handbook/leave.md", status=status, metadata={"sha256": digest}, progress=progress, bytes=9)
    report = await run(api, told, folder)
    assert states(report) == {"handbook/leave.md": "ready"}
    assert api.uploads == {}


@pytest.mark.parametrize("status", ["waiting", "failed"])
async def test_what_never_arrived_or_failed_is_sent_again(tmp_path: Path, api: HttpApi, told: Told, status: str):
    folder = write(tmp_path / "handbook", leave__md="Ten days.")
    digest = hashlib.sha256(b"Ten days.").hexdigest()
    api.put("handbook/leave.md", status=status, metadata={"sha256": digest})
    assert states(await run(api, told, folder)) == {"handbook/leave.md": "ready"}
    assert api.uploads == {"handbook/leave.md": [b"Ten days."]}


async def test_what_fails_fails_alone(tmp_path: Path, api: HttpApi, told: Told):
    files = {"good__md": "Ten days.", "scan__pdf": b"%PDF", "locked__pdf": b"%PDF", "none__md": b"", "photo__png": b"x"}
    folder = write(tmp_path / "mixed", **files)
    api.fates = {"mixed/scan.pdf": "scanned", "mixed/locked.pdf": "encrypted"}
    report = await run(api, told, folder, tmp_path / "missing.md")
    assert states(report) == {
        "mixed/good.md": "ready",
        "mixed/scan.pdf": "scanned",
        "mixed/locked.pdf": "encrypted",
        "mixed/none.md": "empty",
        "mixed/photo.png": "unsupported",
        "missing.md": "unreadable",
    }
    assert not report.complete
    [missing] = [outcome for outcome in report.outcomes if outcome.code == "unreadable"]
    assert missing.message == "The file cannot be read: No such file or directory"


async def test_a_name_that_cannot_be_written_down_fails_alone(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "f", good__md="Good.")
    (folder / "caf\udce9.md").write_text("Latin.")
    report = await run(api, told, folder)
    assert states(report) == {"f/good.md": "ready", "f/caf\udce9.md": "unreadable"}


async def test_two_files_of_one_name_do_not_replace_each_other(tmp_path: Path, api: HttpApi, told: Told):
    one = write(tmp_path / "one", readme__md="First.") / "readme.md"
    two = write(tmp_path / "two", readme__md="Second.") / "readme.md"
    report = await run(api, told, one, two)
    assert [(outcome.state, outcome.code) for outcome in report.outcomes] == [("failed", "twice"), ("ready", "")]
    assert api.uploads == {"readme.md": [b"First."]}


async def test_a_service_that_is_down_ends_the_run(tmp_path: Path, api: HttpApi, told: Told):
    await api.stop()
    folder = write(tmp_path / "many", **{f"n{number}__md": "Text." for number in range(20)})
    report = await run(api, told, folder)
    assert isinstance(report.broken, CannotConnect)
    assert not report.complete
    assert len(told.begun) < 20


async def test_so_does_a_token_that_is_not_accepted(tmp_path: Path, api: HttpApi, told: Told):
    api.revoked.add("bad")
    report = await run(api, told, write(tmp_path / "f", a__md="A."), token="bad")
    assert isinstance(report.broken, RequestRefused)
    assert report.broken.code == "unauthorized"


async def test_a_bucket_that_refuses_one_file_ends_that_one_alone(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "f", a__md="A.", b__md="B.")
    api.faults[("PUT", "/bucket/")] = [403]  # as S3 says of an address that has run out
    report = await run(api, told, folder, at_once=1)
    assert states(report) == {"f/a.md": "upload_refused", "f/b.md": "ready"}


async def test_no_more_at_once_than_asked_for(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "many", **{f"n{number}__md": f"Text {number}." for number in range(6)})
    await run(api, told, folder, at_once=2)
    assert told.most == 2
    assert len(told.begun) == 6


async def test_a_run_that_is_broken_off_goes_on_where_it_was(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "f", a__md="First.", b__md="Second.")
    api.reading.clear()
    running = asyncio.create_task(run(api, told, folder))
    await api.arrived(2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    api.reading.set()
    report = await run(api, told, folder)
    assert states(report) == {"f/a.md": "ready", "f/b.md": "ready"}
    assert {name: len(bodies) for name, bodies in api.uploads.items()} == {"f/a.md": 1, "f/b.md": 1}


async def test_documents_are_deleted_by_file_and_by_folder(api: HttpApi, told: Told):
    for name in ("handbook/a.md", "handbook/zh/b.md", "handbook.md", "other.md"):
        api.put(name)
    api.page = 2
    report = await run(api, told, delete=("handbook", "other.md", "gone.md"))
    assert states(report) == {
        "gone.md": "absent",
        "handbook/a.md": "deleted",
        "handbook/zh/b.md": "deleted",
        "other.md": "deleted",
    }
    assert [document["name"] for document in api.documents.values()] == ["handbook.md"]
    assert report.complete


async def test_a_file_that_is_deleted_while_it_is_read(tmp_path: Path, api: HttpApi, told: Told):
    folder = write(tmp_path / "f", a__md="A.")
    api.reading.clear()
    running = asyncio.create_task(run(api, told, folder))
    await api.arrived(1)
    api.documents.clear()
    assert states(await running) == {"f/a.md": "gone"}
