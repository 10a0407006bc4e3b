"""Documents become passages: each about one thing, none too long, and nothing lost."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.knowledge.chunking import CHUNK_TOKENS, Chunk, chunk, chunks
from thinkaloud.knowledge.documents import GAP, Block, Document, text_document
from thinkaloud.language import estimate_tokens, normalise


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
    assert letters("".join(pieces)) == letters(normalise(text))


@given(st.lists(PROSE.map(lambda text: text.translate(dict.fromkeys(map(ord, "#`~=-")))), max_size=4))
def test_of_markdown_nothing_is_lost_but_its_headings(bodies: list[str]) -> None:
    text = "\n".join(f"## Heading {number}\n{body}" for number, body in enumerate(bodies))
    assert letters("".join(piece for _, piece in sections(markdown(text)))) == letters(normalise("\n".join(bodies)))


# ---- tables ----------------------------------------------------------------------------------------------------------

HEADER = "| City | Days |\n| --- | --- |\n"
ROWS = [f"| 城市 {number} | {number} |" for number in range(40)]


def blocks(*found: Block) -> Document:
    return Document("a.xlsx", "Leave", "text/plain", "en", lambda: iter(found))


def test_a_small_table_stands_with_its_text() -> None:
    table = HEADER + ROWS[0]
    document = blocks(Block("text", "As follows:"), Block("table", table), Block("text", "After."))
    assert sections(document) == [("", f"As follows:\n\n{table}\n\nAfter.")]


def test_a_large_table_is_cut_by_rows_each_part_with_the_header() -> None:
    document = blocks(
        Block("text", "Before."), Block("table", HEADER + "\n".join(ROWS), page=3), Block("text", "After.")
    )
    pieces = chunk(document, budget=80)
    tables = pieces[1:-1]
    assert [piece.text for piece in (pieces[0], pieces[-1])] == ["Before.", "After."]
    assert len(tables) > 4
    assert all(piece.text.startswith(HEADER) and piece.page == 3 for piece in tables)
    assert [row for piece in tables for row in piece.text.removeprefix(HEADER).split("\n")] == ROWS
    text = document.text()
    assert tables[0].text == text[tables[0].start : tables[0].end]
    assert [text[piece.start : piece.end] for piece in tables[1:]] == [
        piece.text.removeprefix(HEADER) for piece in tables[1:]
    ]


def test_a_row_over_the_budget_is_cut_with_the_header_before_each_part() -> None:
    row = "| Berlin | " + "a remark without an end " * 60 + "|"
    pieces = chunk(blocks(Block("table", HEADER + row)), budget=100)
    assert len(pieces) > 3
    assert all(piece.text.startswith(HEADER) for piece in pieces)
    assert letters("".join(piece.text.removeprefix(HEADER) for piece in pieces)) == letters(row)


def test_a_header_that_would_fill_each_part_is_said_once() -> None:
    header = "| " + " | ".join(f"column {number}" for number in range(30)) + " |\n" + "| --- " * 30 + "|\n"
    pieces = [text for _, text in sections(blocks(Block("table", header + "\n".join(ROWS))), budget=100)]
    assert letters("".join(pieces)) == letters(header + "".join(ROWS))


def test_a_long_piece_of_code_is_cut_between_lines() -> None:
    code = "\n".join(f"    line({number})" for number in range(60))
    pieces = [text for _, text in sections(blocks(Block("code", code)), budget=100)]
    assert len(pieces) > 2
    assert [line.strip() for piece in pieces for line in piece.split("\n")] == [
        f"line({number})" for number in range(60)
    ]


# ---- overlap and place -----------------------------------------------------------------------------------------------

SENTENCES = [f"Sentence {number} says this of refunds. " for number in range(60)]
CHINESE = [f"第{number}句话说的是退款的事。" for number in range(60)]


@pytest.mark.parametrize("given_sentences", [SENTENCES, CHINESE], ids=["en", "zh"])
def test_a_passage_begins_with_the_last_sentences_of_the_one_before(given_sentences: list[str]) -> None:
    pieces = chunk(plain("".join(given_sentences)), budget=100, overlap=0.2)
    assert len(pieces) > 5
    for piece, following in pairwise(pieces):
        assert piece.start < following.start < piece.end < following.end
        repeated = piece.text[following.start - piece.start :]
        assert following.text.startswith(repeated)
        assert repeated.strip() in "".join(given_sentences)
        assert estimate_tokens(repeated) <= 20
        assert repeated.startswith(("Sentence", "第"))


def test_nothing_overlaps_into_another_section_and_no_table_does() -> None:
    text = "".join(SENTENCES[:10])
    document = blocks(
        Block("text", text), Block("heading", "Next", 1), Block("text", text), Block("table", HEADER + ROWS[0])
    )
    pieces = chunk(document, budget=90)
    [first] = [piece for piece in pieces if piece.section == "Next"][:1]
    assert first.text.startswith("Sentence 0 ")
    assert sum(ROWS[0] in piece.text for piece in pieces) == 1


def test_a_passage_knows_the_page_on_which_it_begins() -> None:
    document = blocks(*(Block("text", f"Page {page} says something.", page=page) for page in range(1, 9)))
    assert [piece.page for piece in chunk(document, budget=30, overlap=0)] == [1, 5]


def test_chunks_are_made_as_blocks_come() -> None:
    asked: list[int] = []

    def endless() -> Iterator[Block]:
        for number in itertools.count():
            asked.append(number)
            yield Block("text", f"Paragraph {number} of a book without an end.")

    made = chunks(Document("a.pdf", "Book", "application/pdf", "en", endless))
    assert [next(made).position for _ in range(3)] == [0, 1, 2]
    assert len(asked) < 200


TEXTS = PROSE.map(normalise).filter(bool)
BLOCKS = st.lists(
    st.builds(Block, st.sampled_from(["text", "code"]), TEXTS, page=st.none() | st.integers(1, 9))
    | st.builds(Block, st.just("heading"), TEXTS, st.integers(1, 6))
    | st.lists(TEXTS, min_size=1, max_size=9).map(
        lambda cells: Block("table", HEADER + "\n".join(f"| {' '.join(cell.split())} | x |" for cell in cells))
    ),
    max_size=8,
)


@given(BLOCKS, st.integers(min_value=20, max_value=80), st.sampled_from([0.0, 0.15, 0.5]))
def test_any_document_is_covered_in_order_within_the_budget(found: list[Block], budget: int, overlap: float) -> None:
    document = blocks(*found)
    text = document.text()
    pieces = chunk(document, budget, overlap)
    assert pieces == chunk(document, budget, overlap)
    covered = set[int]()
    for piece in pieces:
        assert 0 < estimate_tokens(piece.text) <= budget
        assert piece.text in (text[piece.start : piece.end], HEADER + text[piece.start : piece.end])
        covered.update(range(piece.start, piece.end))
    assert [piece.position for piece in pieces] == list(range(len(pieces)))
    starts = [piece.start for piece in pieces]
    assert starts == sorted(starts)
    place = 0
    for block in found:
        if block.kind != "heading":
            missed = "".join(text[at] for at in range(place, place + len(block.text)) if at not in covered)
            assert not letters(missed)
        place += len(block.text) + len(GAP)


def test_a_paragraph_of_a_question_set_is_one_passage() -> None:
    """As those of XQuAD are: about 130 words, or 250 Chinese characters."""
    assert len(chunk(plain("A refund takes five working days. " * 25))) == 1
    assert len(chunk(plain("退款需要五个工作日才能到账。" * 20))) == 1
