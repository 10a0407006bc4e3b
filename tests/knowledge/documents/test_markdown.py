"""Markdown: headings, paragraphs, tables and code keep apart."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS, Block
from thinkaloud.knowledge.documents.markdown import parsed


def blocks(text: str) -> list[Block]:
    return list(parsed(io.StringIO(text)))


def test_each_kind_of_block_is_one() -> None:
    assert blocks(
        """Preface
on two lines.

# Refunds
## How long ##
| Card | Days |
|------|-----:|
| Visa | 5    |
| 银联 | 10   |
After the table.
```python
# no heading

x = 1
```
"""
    ) == [
        Block("text", "Preface\non two lines."),
        Block("heading", "Refunds", 1),
        Block("heading", "How long", 2),
        Block("table", "| Card | Days |\n|------|-----:|\n| Visa | 5    |\n| 银联 | 10   |"),
        Block("text", "After the table."),
        Block("code", "```python\n# no heading\n\nx = 1\n```"),
    ]


@pytest.mark.parametrize(("underline", "level"), [("===", 1), ("---", 2), ("=", 1)])
def test_a_heading_may_be_underlined(underline: str, level: int) -> None:
    assert blocks(f"Refunds\n{underline}\nText.") == [Block("heading", "Refunds", level), Block("text", "Text.")]


@pytest.mark.parametrize("text", ["---\n\nText.", "One\nTwo\n---\nText.", "a | b\nno delimiter"])
def test_a_rule_is_no_heading_and_a_bar_no_table(text: str) -> None:
    assert {block.kind for block in blocks(text)} == {"text"}


def test_what_describes_the_file_is_no_text() -> None:
    assert blocks("---\ntitle: x\ntags: [a]\n---\nText.") == [Block("text", "Text.")]
    assert blocks("---\nnever closed\n\nText.")[-1] == Block("text", "Text.")


def test_a_long_table_comes_in_parts_each_with_its_header() -> None:
    rows = [f"| row {number} | 价格 {number} |" for number in range(2_000)]
    parts = blocks("\n".join(["| a | b |", "| - | - |", *rows]))
    assert len(parts) > 3
    assert all(part.kind == "table" and part.text.startswith("| a | b |\n| - | - |\n") for part in parts)
    assert all(len(part.text) < 2 * BLOCK_CHARACTERS for part in parts)
    assert [line for part in parts for line in part.text.split("\n")[2:]] == rows


def test_a_paragraph_without_end_comes_in_parts() -> None:
    parts = blocks("年假十四天。" * 10_000)
    assert all(len(part.text) <= BLOCK_CHARACTERS for part in parts)
    assert "".join(part.text for part in parts) == "年假十四天。" * 10_000


@given(st.text(st.sampled_from("ab 年|-`~#=\n") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_no_text_breaks_it_and_no_block_is_empty(text: str) -> None:
    for block in blocks(text):
        assert block.text.strip()
        assert block.text == block.text.strip() or block.kind == "code"
