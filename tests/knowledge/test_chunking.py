"""Documents become passages: each about one thing, none too long, and nothing lost."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.knowledge.chunking import CHUNK_TOKENS, Chunk, chunk
from thinkaloud.knowledge.documents import Document, text_document
from thinkaloud.language import estimate_tokens


def markdown(text: str, title: str = "Refunds") -> Document:
    return text_document(text, "refunds.md", title, "text/markdown")


def plain(text: str) -> Document:
    return text_document(text, "refunds.txt", "Refunds")


def sections(document: Document, budget: int = CHUNK_TOKENS) -> list[tuple[str, str]]:
    return [(piece.section, piece.text) for piece in chunk(document, budget, overlap=0)]


def letters(text: str) -> str:
    """The text without its white space."""
    return "".join(text.split())


# ---- headings --------------------------------------------------------------------------------------------------------


def test_a_short_page_is_one_passage() -> None:
    text = "# Refunds\n\nA refund takes five days.\n\nCards take longer."
    assert chunk(markdown(text)) == [Chunk(0, "", "A refund takes five days.\n\nCards take longer.", None, 9, 54)]


def test_a_section_knows_the_headings_above_it_but_for_the_title() -> None:
    text = """# Refunds
Preface.
## How long
Five days.
### Cards
Ten days.
## 怎么申请 ##
在订单页面申请。
# Appendix
#### Deep
Fine print."""
    assert sections(markdown(text)) == [
        ("", "Preface."),
        ("How long", "Five days."),
        ("How long › Cards", "Ten days."),
        ("怎么申请", "在订单页面申请。"),
        ("Appendix › Deep", "Fine print."),
    ]


def test_positions_count_through_the_document() -> None:
    pieces = chunk(markdown("# Refunds\n\nOne.\n\n## Two\n\nTwo.\n\n## Three\n\nThree."))
    assert [piece.position for piece in pieces] == [0, 1, 2]


@pytest.mark.parametrize("line", ["#hashtag", "####### seven", "#", "a # b", "    # far in"])
def test_what_only_looks_like_a_heading_is_text(line: str) -> None:
    assert sections(markdown(f"# Refunds\n\nBefore.\n{line}\nAfter.")) == [("", f"Before.\n{line}\nAfter.")]


def test_a_heading_keeps_the_marks_that_belong_to_it() -> None:
    assert sections(markdown("# Languages\n## C#\nSharp.\n## Closed ##\nYes.", "Languages")) == [
        ("C#", "Sharp."),
        ("Closed", "Yes."),
    ]


@pytest.mark.parametrize(
    "block",
    [
        "```sh\n# a comment\n```",
        "~~~\n# a comment\n~~~",
        "````\n```\n# a comment\n```\n````",
        "```\n~~~\n# a comment\n```",
        "```\n# a comment\n``` not the end\n# another\n```",
        "   ```\n# a comment\n   ```",
    ],
)
def test_a_comment_in_a_code_block_is_no_heading(block: str) -> None:
    assert sections(markdown(f"# Refunds\n\n{block}\n\n## After\n\nText.")) == [("", block.strip()), ("After", "Text.")]


@pytest.mark.parametrize("line", ["```inline``` code", "`` ` ``", "    ```"])
def test_what_is_no_code_block_hides_no_heading(line: str) -> None:
    assert sections(markdown(f"# Refunds\n{line}\n## After\nText."))[-1] == ("After", "Text.")


def test_plain_text_has_no_headings() -> None:
    assert sections(plain("# one\n\ntext")) == [("", "# one\n\ntext")]


@pytest.mark.parametrize("text", ["# Refunds", "# Refunds\n\n## How long\n\n###### Deep", "\n\n"])
def test_headings_alone_are_no_passage(text: str) -> None:
    assert chunk(markdown(text)) == []


# ---- length ----------------------------------------------------------------------------------------------------------


def test_paragraphs_are_gathered_up_to_the_budget() -> None:
    paragraphs = [f"Paragraph {number} says something about refunds." for number in range(12)]
    pieces = [text for _, text in sections(plain("\n\n".join(paragraphs)), budget=60)]
    assert "\n\n".join(pieces) == "\n\n".join(paragraphs)
    assert 1 < len(pieces) < 12
    for piece, following in pairwise(pieces):
        first = following.partition("\n\n")[0]
        assert estimate_tokens(f"{piece}\n\n{first}") > 60, "it would have found room"


@pytest.mark.parametrize(
    ("sentence", "ending"),
    [("A refund takes five working days. ", "."), ("退款需要五个工作日才能到账。", "。"), ("他说：“五天。”", "”")],
)
def test_a_long_paragraph_is_cut_between_sentences(sentence: str, ending: str) -> None:
    pieces = [text for _, text in sections(plain(sentence * 100), budget=50)]
    assert len(pieces) > 5
    assert all(piece.endswith(ending) for piece in pieces)
    assert all(estimate_tokens(piece) <= 50 for piece in pieces)
    assert letters("".join(pieces)) == letters(sentence * 100)


def test_a_long_list_keeps_its_lines() -> None:
    lines = "\n".join(f"- item {number}: see https://example.com/?q={number}" for number in range(60))
    pieces = [text for _, text in sections(plain(lines), budget=100)]
    assert "\n".join(pieces) == lines


@pytest.mark.parametrize("text", ["x" * 5_000, "年" * 5_000, "👍" * 5_000, "no stop here " * 500])
def test_a_sentence_over_the_budget_is_cut_all_the_same(text: str) -> None:
    pieces = [piece for _, piece in sections(plain(text), budget=100)]
    assert all(estimate_tokens(piece) <= 100 for piece in pieces)
    assert letters("".join(pieces)) == letters(text)


def test_a_megabyte_without_a_sentence_is_cut_in_no_time() -> None:
    started = time.process_time()
    chunk(plain("x" * 1_000_000))
    assert time.process_time() - started < 2.0


PROSE = st.text(
    st.sampled_from("ab 年额。，！？.,!?\n\n\n”)`~#-") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=200
)


@given(PROSE, st.integers(min_value=5, max_value=60))
def test_no_passage_is_over_the_budget_and_nothing_is_lost(text: str, budget: int) -> None:
    pieces = [piece for _, piece in sections(plain(text), budget)]
    assert all(0 < estimate_tokens(piece) <= budget for piece in pieces)
    assert letters("".join(pieces)) == letters(text)


@given(st.lists(PROSE.map(lambda text: text.translate(dict.fromkeys(map(ord, "#`~=-")))), max_size=4))
def test_of_markdown_nothing_is_lost_but_its_headings(bodies: list[str]) -> None:
    text = "\n".join(f"## Heading {number}\n{body}" for number, body in enumerate(bodies))
    assert letters("".join(piece for _, piece in sections(markdown(text)))) == letters("".join(bodies))
