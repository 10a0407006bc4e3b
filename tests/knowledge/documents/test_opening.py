"""Files become documents, or one line says why not."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.knowledge.documents.conftest import Blocks, Read, Refusal
from thinkaloud.errors import DocumentError
from thinkaloud.knowledge.documents import MEDIA, Block, open_document, opening, read_document, text_document


def test_markdown_is_titled_by_its_first_heading(read: Read) -> None:
    document = read("zh/年假.md", "# 年假 #\n\n工作满一年的员工有十四天年假。\n")
    assert (document.uri, document.title, document.media) == ("zh/年假.md", "年假", "text/markdown")
    assert document.language == "zh"
    assert list(document.blocks()) == [
        Block("heading", "年假", 1),
        Block("text", "工作满一年的员工有十四天年假。"),
    ]
    assert document.text() == "年假\n\n工作满一年的员工有十四天年假。"


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("refunds.md", "Refunds take five days.", "refunds"),
        ("refunds.txt", "# not a heading in plain text", "refunds"),
        ("refunds.md", "## Second level\n\nText", "refunds"),
        ("refunds.md", "#\n\nText", "refunds"),
        ("refunds.md", "Preface\n\n# Refunds\n\n# Later", "Refunds"),
        ("csharp.md", "# C#\n\nText", "C#"),
        ("退款.markdown", "退款需五天。", "退款"),
        ("page.html", "<h1>Refunds</h1><p>Five days.", "Refunds"),
        ("page.html", "<title>Help</title><h1>Refunds</h1><p>Five days.", "Help"),
        ("a\u202egpj.txt", "Five days.", "agpj"),
        ("\u202e.txt", "Five days.", "text/plain"),
    ],
)
def test_a_title_is_found_or_is_the_files_name(read: Read, name: str, content: str, title: str) -> None:
    assert read(name, content).title == title


def test_the_blocks_are_read_again_each_time(read: Read) -> None:
    document = read("a.md", "# Refunds\r\n\r\nFive days.\r\n")
    assert list(document.blocks()) == list(document.blocks())


@pytest.mark.parametrize("content", ["", " \n\t\r\n", "\ufeff"], ids=["empty", "blank", "mark"])
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.csv", "a.html", "a.jsonl"])
def test_a_file_without_text_is_refused(refusal: Refusal, name: str, content: str) -> None:
    assert refusal(name, content) == ("empty", f"{name}: it is empty")


def test_headings_alone_are_no_document(refusal: Refusal) -> None:
    code, message = refusal("a.md", "# Refunds\n\n## How long")
    assert code == "empty"
    assert "no text below its heading 'Refunds'" in message


@pytest.mark.parametrize("name", ["photo.JPG", "Makefile", ".md", "legacy.doc", "report.docm"])
def test_a_kind_that_cannot_be_read_is_refused_with_those_that_can(refusal: Refusal, name: str) -> None:
    code, message = refusal(name, "text")
    assert code == "unsupported"
    assert ", ".join(MEDIA) in message


def test_suffixes_come_in_any_case(read: Read) -> None:
    assert read("README.MD", "# Read me\n\nText").media == "text/markdown"


def test_a_media_type_says_what_a_name_does_not(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("# Refunds\n\nFive days.")
    assert open_document(path, "refunds", "text/markdown; charset=utf-8").title == "Refunds"
    assert open_document(path, "refunds.txt", "text/markdown").media == "text/plain"


def test_a_file_over_the_limit_is_refused_with_the_limit(
    read: Read, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_BYTES", 1_000)
    read("a.txt", "x" * 1_000)
    assert refusal("a.txt", "x" * 1_001) == ("too_large", "a.txt: it has 1,001 bytes; the limit is 1,000")


def test_a_heading_of_a_page_is_a_paragraph(blocks: Blocks) -> None:
    text = "heading " * 50
    assert blocks("a.html", f"<h1>{text}</h1><p>Text.") == [Block("text", text.strip()), Block("text", "Text.")]


def test_the_id_is_ascii_and_stays_when_the_text_changes(read: Read) -> None:
    first = read("zh/年假.md", "十四天。")
    second = read("zh/年假.md", "十五天。")
    other = read("en/年假.md", "十四天。")
    assert first.id == second.id != other.id
    assert first.id.isascii()
    assert len(first.id) == 32


def test_a_text_that_is_in_no_file_is_a_document_too() -> None:
    document = text_document("# Refunds\r\n\r\nFive days.", "refunds", "Refunds", "text/markdown")
    assert [block.kind for block in document.blocks()] == ["heading", "text"]
    assert text_document("One.\n\nTwo.", "a").text() == "One.\n\nTwo."


def test_a_library_that_stumbles_says_so_to_nobody_but_the_log(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(path: Path) -> None:
        raise KeyError("Subtype of /secret/path")

    monkeypatch.setattr("thinkaloud.knowledge.documents.plain.blocks", stumble)
    with pytest.raises(DocumentError) as caught:
        read("a.txt", "text")
    assert caught.value.code == "broken"
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "a\nb\x1b[31m.txt", "a\u202etxt.exe.txt", "x" * 150 + ".txt"])
def test_a_hostile_name_stays_a_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "upload"
    path.write_text("Five days.")
    document = open_document(path, name)
    assert document.uri == name
    assert document.title.isprintable()
    path.write_bytes(b"")
    with pytest.raises(DocumentError) as caught:
        open_document(path, name)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 120
    assert "/" not in message


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS spells names its own way")
def test_a_name_is_spelt_the_same_on_every_system(read: Read) -> None:
    decomposed = read(unicodedata.normalize("NFD", "café.md"), "Open till six.")
    composed = read("café.md", "Open till six.")
    assert decomposed.uri == composed.uri == "café.md"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes for a name")
def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + "年假".encode("gb18030") + b".md"))
    path.write_text("十四天。", encoding="utf-8")
    with pytest.raises(DocumentError, match="is not UTF-8; rename the file"):
        read_document(path, tmp_path)
