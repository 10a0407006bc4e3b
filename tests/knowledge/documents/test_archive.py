"""What an Office file may do to whoever unpacks it, it does not do here."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tests.knowledge.documents.conftest import Refusal
from tests.knowledge.documents.office_files import changed, part, slides, word, workbook
from thinkaloud.knowledge.documents import archive

FILES = {"a.docx": word("Text."), "a.pptx": slides("Title"), "a.xlsx": workbook()}
OFFICE = pytest.mark.parametrize("name", FILES)
MAIN = {"a.docx": "word/document.xml", "a.pptx": "ppt/slides/slide1.xml", "a.xlsx": "xl/worksheets/sheet1.xml"}


@OFFICE
@pytest.mark.parametrize("at", [0.3, 0.9, 0.99])
def test_a_file_that_was_cut_is_damaged(refusal: Refusal, name: str, at: float) -> None:
    code, message = refusal(name, FILES[name][: int(len(FILES[name]) * at)])
    assert code == "broken"
    assert "damaged" in message


@OFFICE
def test_a_part_that_is_no_xml_is_damage(refusal: Refusal, name: str) -> None:
    assert refusal(name, changed(FILES[name], {MAIN[name]: b"<not xml"}))[0] == "broken"


@OFFICE
def test_a_part_whose_sum_is_wrong_is_damage(refusal: Refusal, name: str) -> None:
    stored = changed(FILES[name], {}, zipfile.ZIP_STORED)
    assert refusal(name, stored.replace(b"<?xml", b"<?xmm", 3))[0] == "broken"


@OFFICE
def test_zeros_that_unpack_to_a_gigabyte_are_a_bomb(refusal: Refusal, name: str) -> None:
    code, message = refusal(name, changed(FILES[name], {"media/zeros.bin": bytes(50_000_000)}))
    assert code == "bomb"
    assert "times its size" in message


def test_many_parts_that_are_large_together_are_a_bomb(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1_000_000)
    code, message = refusal("a.docx", changed(FILES["a.docx"], {f"{i}.bin": bytes(90_000) for i in range(12)}))
    assert code == "bomb"
    assert "1,000,000 bytes" in message


def test_a_size_that_lies_is_counted(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1_000_000)
    made = bytearray(changed(FILES["a.docx"], {"z.bin": bytes(5_000_000)}))
    at = made.rindex(b"PK\x01\x02")
    made[at + 24 : at + 28] = struct.pack("<I", 10)
    assert refusal("a.docx", bytes(made))[0] in ("bomb", "broken")


def test_too_many_parts_are_a_bomb(refusal: Refusal) -> None:
    file = io.BytesIO(FILES["a.docx"])
    with zipfile.ZipFile(file, "a") as opened:
        for number in range(archive.MAX_PARTS):
            opened.writestr(f"{number}", b"")
    assert refusal("a.docx", file.getvalue())[0] == "bomb"


def test_a_long_list_of_parts_is_a_bomb_before_it_is_read(refusal: Refusal) -> None:
    file = io.BytesIO(FILES["a.docx"])
    with zipfile.ZipFile(file, "a") as opened:
        for number in range(100):
            opened.writestr(f"{number:060000}", b"")
    assert refusal("a.docx", file.getvalue())[0] == "bomb"


@OFFICE
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_not_expanded_but_refused(refusal: Refusal, name: str, encoding: str) -> None:
    declared = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
    comment = "<!-- " + "far down " * 20_000 + "-->"
    text = part(FILES[name], MAIN[name]).decode().partition("?>")[2] or part(FILES[name], MAIN[name]).decode()
    bomb = f"<?xml version='1.0' encoding='{encoding}'?>{comment}{declared}{text}".encode(encoding)
    code, message = refusal(name, changed(FILES[name], {MAIN[name]: bomb}))
    assert code == "bomb"
    assert "entities" in message


@pytest.mark.parametrize("name", ["a.docx", "a.pptx"])
def test_a_part_too_large_for_a_tree_is_refused(refusal: Refusal, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MAX_TREE", 100)
    assert refusal(name, FILES[name])[0] == "too_large"


@OFFICE
def test_parts_with_a_password_are_encrypted(refusal: Refusal, name: str) -> None:
    made = bytearray(FILES[name])
    at = made.rindex(b"PK\x01\x02")
    made[at + 8] |= 1
    assert refusal(name, bytes(made))[0] == "encrypted"


@OFFICE
def test_a_path_in_a_part_writes_nowhere(refusal: Refusal, name: str, tmp_path: object) -> None:
    made = changed(FILES[name], {"../../../../tmp/escaped.txt": b"x", MAIN[name]: b"<x/>"})
    assert refusal(name, made)[0] in ("broken", "empty")


@OFFICE
def test_a_part_that_points_outside_reads_nothing(refusal: Refusal, name: str) -> None:
    relations = b"""<?xml version="1.0"?><Relationships
        xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
        Target="file:///etc/passwd"/></Relationships>"""
    assert refusal(name, changed(FILES[name], {"_rels/.rels": relations}))[0] in ("broken", "empty")
