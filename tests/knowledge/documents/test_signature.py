"""A file that is called what it is not is told so, with what it seems to be."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from benchmarks.pdf_writer import PdfPage, pdf
from tests.knowledge.documents.conftest import Read, Refusal
from tests.knowledge.documents.office_files import compound, slides, word, workbook

PDF = pdf(PdfPage().text(72, 700, "Five days."))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def archive(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in parts.items():
            opened.writestr(name.replace("__", "/"), content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "seems"),
    [
        ("report.docx", PDF, "a PDF; rename it to .pdf"),
        ("report.txt", PDF, "a PDF; rename it to .pdf"),
        ("report.pdf", word("Text."), "a Word document; rename it to .docx"),
        ("report.xlsx", slides("Title"), "a PowerPoint presentation; rename it to .pptx"),
        ("report.csv", workbook(), "an Excel workbook; rename it to .xlsx"),
        ("photo.txt", PNG, "a PNG picture"),
        ("photo.md", b"\xff\xd8\xff\xe0" + bytes(100), "a JPEG picture"),
        ("report.docx", compound("WordDocument"), "an old Word document (.doc)"),
        ("report.xlsx", compound("Workbook"), "an old Excel workbook (.xls)"),
        ("report.eml", compound("__properties_version1.0"), "an Outlook message (.msg)"),
        ("report.docx", b"{\\rtf1 text}", "a Rich Text document (.rtf)"),
        ("report.docx", archive(notes=b"x"), "a ZIP archive"),
        ("report.xlsx", archive(xl__workbook__bin=b"x"), "an Excel workbook"),
        ("report.docx", archive(mimetype=b"x", **{"content.xml": b"x"}), "an OpenDocument file"),
        ("data.json", gzip.compress(b"{}", mtime=0), "a gzip archive"),
        ("tool.txt", b"\x7fELF" + bytes(100), "a program"),
        ("report.pdf", b"<!DOCTYPE html><html>Please sign in", "a web page; rename it to .html"),
        ("report.xlsx", "City,Days\n上海,14".encode("gb18030"), "plain text; rename it to .txt"),
        ("report.docx", b'<?xml version="1.0"?><w:wordDocument/>', "XML"),
    ],
)
def test_the_message_says_what_it_seems_to_be(refusal: Refusal, name: str, content: bytes, seems: str) -> None:
    code, message = refusal(name, content)
    if name.endswith(".xlsx") and seems == "an Excel workbook":
        assert code == "broken"
    else:
        assert code == "misnamed"
        assert f"is {seems}" in message


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx"])
def test_an_office_file_with_a_password_is_encrypted(refusal: Refusal, name: str) -> None:
    code, message = refusal(name, compound("EncryptionInfo", "EncryptedPackage"))
    assert code == "encrypted"
    assert "password" in message


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.pptx", "a.xlsx"])
def test_what_nobody_knows_is_damaged(refusal: Refusal, name: str) -> None:
    code, message = refusal(name, bytes(range(256)) * 10)
    assert code == "broken"
    assert f"as a {name[1:]} file does" in message


def test_a_pdf_may_begin_a_little_later(read: Read) -> None:
    assert read("a.pdf", b"\n\n" + PDF).text() == "Five days."
