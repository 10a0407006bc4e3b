"""Text is read in the encoding it is in, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.documents.conftest import Read, Refusal
from thinkaloud.knowledge.documents.encoding import decoded

CHINESE = "员工请年假，要提前三天告诉主管。病假需要医院证明。"
ENGLISH = "A refund takes five days."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
@pytest.mark.parametrize("text", [CHINESE, ENGLISH, f"{ENGLISH}\n\n{CHINESE}", "年假十四天", "Hi"])
def test_an_encoding_is_known_by_what_it_makes_of_the_bytes(read: Read, encoding: str, text: str) -> None:
    assert read("a.txt", text.encode(encoding)).text() == text


@pytest.mark.parametrize("text", ["年假\n" * 20_000, "refund\n" * 20_000 + CHINESE])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-be"])
def test_the_whole_file_counts(read: Read, encoding: str, text: str) -> None:
    assert read("a.txt", text.encode(encoding)).text().endswith(text.strip()[-5:])


@pytest.mark.parametrize(
    "content",
    [
        "員工請年假要提前三天告訴主管".encode("big5"),
        "年次有給休暇".encode("shift_jis"),
        "ça coûte vingt €".encode("cp1252"),
    ],
    ids=["big5", "shift_jis", "cp1252"],
)
def test_another_encoding_is_refused_with_the_way_out(refusal: Refusal, content: bytes) -> None:
    code, message = refusal("年假.txt", content)
    assert code == "unsupported"
    assert "save it as UTF-8" in message


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"\x00" * 100, b"abc\x00def\x01\x02" * 50])
def test_what_is_no_text_is_called_so(refusal: Refusal, content: bytes) -> None:
    code, message = refusal("notes.md", content)
    assert code == "misnamed"
    assert "binary" in message


def test_a_mark_that_lies_is_refused(refusal: Refusal) -> None:
    assert refusal("a.txt", b"\xef\xbb\xbf\xff\xfe")[0] == "unsupported"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf_8_is_never_mistaken(text: str) -> None:
    assert decoded(text.encode("utf-8-sig")).removeprefix("\ufeff") == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("<meta charset=gbk>年假".encode("gb18030"), None, "<meta charset=gbk>年假"),
        ("年假".encode("gb18030"), "gb2312", "年假"),
        ("café €".encode("cp1252"), "iso-8859-1", "café €"),
        ("年假".encode("gb18030"), "no-such-charset", "年假"),
        ("年假".encode(), "us-ascii-nonsense", "年假"),
        (b"\xff\x80abc", "utf-8", "��abc"),
    ],
)
def test_a_page_or_mail_says_its_encoding_and_may_be_wrong(content: bytes, charset: str | None, text: str) -> None:
    assert decoded(content, charset) == text
