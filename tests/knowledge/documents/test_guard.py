"""A document that kills its reader, or would take all there is, ends in an outcome like any other."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from benchmarks.pdf_writer import PdfPage, pdf
from tests.knowledge.documents.office_files import changed, word, workbook
from thinkaloud.errors import DocumentError, KnowledgeError
from thinkaloud.knowledge.documents import Limits, guard, open_document, open_guarded

LONG = "年假十四天。\n\n" * 20_000


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(LONG.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", LONG.encode()),
        ("手册.docx", word("一。", "Two.")),
        ("a.xlsx", workbook()),
        ("a.pdf", pdf(PdfPage().text(72, 700, "Five days."))),
    ],
)
def test_a_document_is_the_same_as_without_a_guard(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    guarded, plain = open_guarded(path, name), open_document(path, name)
    assert guarded == plain
    assert list(guarded.blocks()) == list(plain.blocks()) == list(guarded.blocks())


def test_an_error_comes_through_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(pdf(PdfPage().picture()))
    with pytest.raises(DocumentError) as caught:
        open_guarded(path, "scan.pdf")
    assert caught.value.code == "scanned"
    assert str(caught.value).startswith("scan.pdf: its 1 pages")


def test_the_log_learns_where_a_library_stumbled_and_nothing_of_the_document(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(changed(word("Text."), {"word/document.xml": b"<secret\x1b[31m"}))
    with pytest.raises(DocumentError):
        open_guarded(path, "a.docx")
    logged = capfd.readouterr().err
    assert "XMLSyntaxError at " in logged
    assert "secret" not in logged
    assert len(logged.splitlines()) == 1


def test_there_may_be_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_guarded(tmp_path / "missing", "a.txt")


def reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, statement: str) -> None:
    """Have the process do this instead of reading."""
    (tmp_path / "fault.py").write_text(
        f"import json, os, resource, signal, sys\nfrom thinkaloud.knowledge.documents import guard_process\n"
        f"def serve(asked, out):\n    {statement}\nguard_process._serve = serve\nguard_process.main()\n"
    )
    monkeypatch.setattr(guard, "_PROCESS", "fault")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("while True: pass", "too_large"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "broken"),
        ("os.abort()", "bomb"),
        ("out.write('{\"kind\"'); out.flush(); os.kill(os.getpid(), signal.SIGBUS)", "broken"),
    ],
)
def test_a_reader_that_dies_is_an_outcome(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, code: str
) -> None:
    reads(monkeypatch, tmp_path, statement)
    with pytest.raises(DocumentError) as caught:
        open_guarded(written, "a.txt", limits=Limits(seconds=1))
    assert caught.value.code == code
    assert str(caught.value).startswith("a.txt: ")


@pytest.mark.parametrize("statement", ["import no_such_library", "os._exit(0)", "x = bytearray(4 << 30)"])
def test_a_process_that_does_not_work_is_not_the_documents_fault(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    reads(monkeypatch, tmp_path, statement)
    with pytest.raises(KnowledgeError, match="its log says why") as caught:
        open_guarded(written, "a.txt")
    assert not isinstance(caught.value, DocumentError)


def test_memory_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"[" + b"[]," * 6_000_000 + b"[]]")
    with pytest.raises(DocumentError) as caught:
        open_guarded(path, "a.json", limits=Limits(memory=200 << 20))
    assert caught.value.code == "too_large"


def test_a_stream_in_a_pdf_that_unpacks_to_gigabytes_is_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    packed = zlib.compress(zlib.compress(bytes(500 << 20), 1), 9)
    page = PdfPage().text(72, 700, "Five days.")
    path.write_bytes(pdf(page, contents=(b"/Filter [/FlateDecode /FlateDecode]", packed)))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(DocumentError) as caught:
        open_guarded(path, "a.pdf", limits=Limits(memory=300 << 20))
    assert caught.value.code == "bomb"


def test_the_process_knows_no_secret_of_ours(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    reads(monkeypatch, tmp_path, "print(json.dumps({'error': 'broken', 'message': repr(dict(os.environ))}), file=out)")
    with pytest.raises(DocumentError) as caught:
        open_guarded(written, "a.txt")
    assert "PYTHONPATH" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_whoever_stops_reading_ends_the_process(written: Path) -> None:
    before = set(children())
    blocks = open_guarded(written, "a.txt").blocks()
    next(blocks)
    [child] = set(children()) - before
    blocks.close()
    assert child not in children()


def children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    if not path.exists():
        pytest.skip("only Linux lists a process's children")
    return [int(number) for number in path.read_text().split()]
