"""Markers in an answer become citations that a client can find and a reader can check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.dialogue.answer.citations import MAX_CITATIONS, MAX_QUOTE, find_citations, utf16_length
from thinkaloud.protocol.encode import MAX_FRAME, encode
from thinkaloud.protocol.frames import Citation, Complete, Envelope, Usage

REFUNDS = "Refunds go back to the card. They take five working days. Gift cards are not refunded."
LEAVE = "年假按自然年计算。工作满一年的员工有十四天年假。未休的年假可结转五天。"


def in_utf16(text: str, citation: Citation) -> str:
    """What JavaScript's `text.slice(start, end)` gives."""
    return text.encode("utf-16-le")[2 * citation.start : 2 * citation.end].decode("utf-16-le")


def test_a_marker_points_to_the_sentence_of_its_passage_that_says_it() -> None:
    text = "A refund takes five working days [1]."
    assert find_citations("answer", text, {"1": REFUNDS}) == (
        Citation(part="answer", start=33, end=36, source="1", quote="They take five working days."),
    )


def test_chinese_statements_find_their_sentence_too() -> None:
    text = "普通员工有十四天年假[2]。没休完的可以结转五天[2]。"
    citations = find_citations("answer", text, {"1": REFUNDS, "2": LEAVE})
    assert [citation.quote for citation in citations] == ["工作满一年的员工有十四天年假。", "未休的年假可结转五天。"]


def test_offsets_count_as_javascript_does() -> None:
    text = "🏕️ 👩‍👩‍👧 𠮷: five days [1] 👍 and more [1]"
    citations = find_citations("answer", text, {"1": REFUNDS})
    assert [in_utf16(text, citation) for citation in citations] == ["[1]", "[1]"]
    assert citations[0].start > text.index("[1]"), "each emoji is two units"


@pytest.mark.parametrize(
    "text", ["No marker.", "[3]", "[0]", "[01]", "[a]", "[1", "[]", "[1,2]", "[ 1 ]", "【1】", "[1234]"]
)
def test_what_points_to_no_passage_is_left_alone(text: str) -> None:
    assert find_citations("answer", text, {"1": REFUNDS, "2": LEAVE}) == ()


def test_markers_side_by_side_close_the_same_statement() -> None:
    citations = find_citations("answer", "It takes five working days [1][2].", {"1": REFUNDS, "2": REFUNDS})
    assert [(citation.source, citation.quote) for citation in citations] == [
        ("1", "They take five working days."),
        ("2", "They take five working days."),
    ]


def test_a_marker_after_the_full_stop_belongs_to_the_sentence_before_it() -> None:
    text = "Gift cards are not refunded. [1] It takes five working days. [1]"
    assert [citation.quote for citation in find_citations("answer", text, {"1": REFUNDS})] == [
        "Gift cards are not refunded.",
        "They take five working days.",
    ]


@pytest.mark.parametrize("passage", ["年" * 1_000, "no end " * 200])
def test_a_quote_is_short(passage: str) -> None:
    (citation,) = find_citations("answer", "So it says [1].", {"1": passage})
    assert len(citation.quote) == MAX_QUOTE


@pytest.mark.parametrize("passage", ["", "…", "!?", "\n"])
def test_a_passage_without_a_sentence_can_be_cited(passage: str) -> None:
    assert len(find_citations("answer", "[1]", {"1": passage})) == 1


@pytest.mark.parametrize("passage", ["年" * 400, '"\\' * 200, "x" * 400, "👍" * 400])
def test_however_often_an_answer_cites_its_end_fits_into_one_frame(passage: str) -> None:
    citations = find_citations("answer", "So it says [1]. " * 2_000, {"1": passage})
    assert len(citations) == MAX_CITATIONS
    complete = Complete(
        finish="stop",
        model="m" * 100,
        citations=citations,
        usage=Usage(prompt=10**6, completion=10**6),
        timings=dict.fromkeys(("embed", "retrieval", "first_token", "generation", "total"), 123.4567),
    )
    envelope = Envelope(session="s" * 64, turn="t" * 64, seq=10**6, trace="0" * 32)
    assert len(encode(complete, envelope).encode()) <= MAX_FRAME


PIECES = st.lists(
    st.sampled_from(["[1]", "[2]", "[3]", "[", "]", "年假。", "👍", "Five. ", "𠮷", "\n", "1"]), max_size=30
)


@given(PIECES.map("".join))
def test_every_citation_is_found_where_it_says(text: str) -> None:
    citations = find_citations("answer", text, {"1": REFUNDS, "2": LEAVE})
    assert [in_utf16(text, citation) for citation in citations] == [f"[{citation.source}]" for citation in citations]
    assert len(citations) == text.count("[1]") + text.count("[2]")
    assert all(citation.quote in {"1": REFUNDS, "2": LEAVE}[citation.source] for citation in citations)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_length_is_that_of_the_encoding(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
