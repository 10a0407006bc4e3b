import asyncio
import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from console.ingest import Report, files_in, load
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.documents import Document
from thinkaloud.knowledge.ingest import Ingestor, IngestOutcome
from thinkaloud.knowledge.lexicons import Lexicons
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.state.lexicons import MemoryLexicons


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex()


@pytest.fixture
def ingestor(index: MemoryIndex) -> Ingestor:
    return Ingestor("demo", HashingEmbedder(), index, Lexicons(MemoryLexicons()))


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(shown: io.StringIO) -> Progress:
    return Progress(console=Console(file=shown, width=100))


def write(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


async def test_a_folder_is_loaded_to_its_end(
    tmp_path: Path, ingestor: Ingestor, index: MemoryIndex, progress: Progress
):
    folder = write(tmp_path / "handbook", leave__md="# Leave\n\nTen days.", notes__txt="Some notes.")
    write(folder / "zh", leave__md="# 年假\n\n每年十天。")
    report = await load(files_in([folder]), ingestor, progress)
    assert (report.loaded, report.unchanged, report.chunks) == (3, 0, 3)
    assert report.complete
    assert len(await index.ids("demo")) == 3


async def test_a_second_time_nothing_changes(tmp_path: Path, ingestor: Ingestor, progress: Progress):
    folder = write(tmp_path / "handbook", leave__md="# Leave\n\nTen days.")
    await load(files_in([folder]), ingestor, progress)
    report = await load(files_in([folder]), ingestor, progress)
    assert str(report) == "0 loaded (0 chunks), 1 unchanged"
    assert report.complete


async def test_what_cannot_be_read_is_a_line_and_is_counted(
    tmp_path: Path, ingestor: Ingestor, progress: Progress, shown: io.StringIO
):
    files = {"good__md": "Ten days.", "photo__png": b"\x89PNG", "empty__md": " \n", "latin__txt": b"caf\xe9"}
    folder = write(tmp_path / "mixed", **files)
    given = [folder, tmp_path / "missing.md"]
    report = await load(files_in(given), ingestor, progress)
    assert str(report) == "1 loaded (1 chunks), 0 unchanged, 4 failed"
    assert not report.complete
    lines = shown.getvalue().splitlines()
    assert len(lines) == 4
    for name in ("photo.png", "empty.md", "latin.txt", "missing.md cannot be read: No such file or directory"):
        assert any(line.startswith(f"failed  {name}") for line in lines), name


async def test_two_files_of_one_name_do_not_replace_each_other(tmp_path: Path, ingestor: Ingestor, progress: Progress):
    one = write(tmp_path / "one", readme__md="First.") / "readme.md"
    two = write(tmp_path / "two", readme__md="Second.") / "readme.md"
    report = await load(files_in([one, two]), ingestor, progress)
    assert report.loaded == 1
    assert "another file of this run is called readme.md too" in report.failures[0]


async def test_an_index_that_does_not_answer_ends_the_run(tmp_path: Path, progress: Progress):
    class Down:
        calls = 0

        async def ingest(self, document: Document) -> IngestOutcome:
            self.calls += 1
            await asyncio.sleep(0)
            raise KnowledgeError("the index did not answer: refused")

    folder = write(tmp_path / "many", **{f"n{number}__md": "Text." for number in range(20)})
    down = Down()
    report = await load(files_in([folder]), down, progress)
    assert report.broken == "the index did not answer: refused"
    assert not report.complete
    assert down.calls < 20


def test_hidden_files_are_left_out_unless_they_are_named(tmp_path: Path):
    folder = write(tmp_path / ".notes", a__md="A.", __DS_Store="x")
    write(folder / ".git", config="x")
    assert [path.name for path, _ in files_in([folder])] == ["a.md"]
    assert [path.name for path, _ in files_in([folder / ".DS_Store"])] == [".DS_Store"]


def test_a_file_named_twice_is_one(tmp_path: Path):
    folder = write(tmp_path / "f", a__md="A.")
    assert len(files_in([folder / "a.md", folder / "." / "a.md"])) == 1


def test_a_report_of_nothing():
    assert str(Report()) == "0 loaded (0 chunks), 0 unchanged"
