"""Files become documents, or one line says why not."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from thinkaloud.errors import DocumentError
from thinkaloud.knowledge.documents import Block, Document, opening, read_document


def read(tmp_path: Path, name: str, content: bytes | str) -> Document:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_document(path, tmp_path)


def refusal(tmp_path: Path, name: str, content: bytes | str) -> str:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, name, content)
    message = str(caught.value)
    assert "\n" not in message
    assert name.rpartition("/")[2] in message
    return message


def test_markdown_is_titled_by_its_first_heading(tmp_path: Path) -> None:
    document = read(tmp_path, "zh/年假.md", "# 年假 #\n\n工作满一年的员工有十四天年假。\n")
    assert (document.uri, document.title, document.media) == ("zh/年假.md", "年假", "text/markdown")
    assert document.language == "zh"
    assert list(document.blocks()) == [
        Block("heading", "年假", 1),
        Block("text", "工作满一年的员工有十四天年假。"),
    ]


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
    ],
)
def test_a_title_is_found_or_is_the_files_name(tmp_path: Path, name: str, content: str, title: str) -> None:
    assert read(tmp_path, name, content).title == title


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    document = read(tmp_path, "a.md", b"\xef\xbb\xbf# Refunds\r\n\r\nFive days.\r\n")
    assert (document.title, document.text()) == ("Refunds", "Refunds\n\nFive days.")


@pytest.mark.parametrize("content", ["", " \n\t\r\n", "\ufeff"], ids=["empty", "blank", "mark"])
def test_a_file_without_text_is_refused(tmp_path: Path, content: str) -> None:
    assert "is empty" in refusal(tmp_path, "a.md", content)


@pytest.mark.parametrize("name", ["slides.pdf", "photo.JPG", "Makefile", ".md"])
def test_a_kind_that_cannot_be_read_is_refused_with_those_that_can(tmp_path: Path, name: str) -> None:
    assert ".md, .markdown, .txt" in refusal(tmp_path, name, "text")


def test_suffixes_come_in_any_case(tmp_path: Path) -> None:
    assert read(tmp_path, "README.MD", "# Read me\n\nText").media == "text/markdown"


def test_a_file_over_the_limit_is_refused_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_BYTES", 1_000)
    read(tmp_path, "a.txt", "x" * 1_000)
    assert "1,001 bytes; the limit is 1,000" in refusal(tmp_path, "a.txt", "x" * 1_001)


def test_the_id_is_ascii_and_stays_when_the_text_changes(tmp_path: Path) -> None:
    first = read(tmp_path, "zh/年假.md", "十四天。")
    second = read(tmp_path, "zh/年假.md", "十五天。")
    other = read(tmp_path, "en/年假.md", "十四天。")
    assert first.id == second.id != other.id
    assert first.id.isascii()
    assert len(first.id) == 32


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS spells names its own way")
def test_a_name_is_spelt_the_same_on_every_system(tmp_path: Path) -> None:
    decomposed = read(tmp_path, unicodedata.normalize("NFD", "café.md"), "Open till six.")
    composed = read(tmp_path, "café.md", "Open till six.")
    assert decomposed.uri == composed.uri == "café.md"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes for a name")
def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + "年假".encode("gb18030") + b".md"))
    path.write_text("十四天。", encoding="utf-8")
    with pytest.raises(DocumentError, match="is not UTF-8; rename the file"):
        read_document(path, tmp_path)
