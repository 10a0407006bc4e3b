"""CSV and TSV: a table, whatever parts its cells."""

from __future__ import annotations

import pytest

from tests.knowledge.documents.conftest import Blocks, Refusal
from thinkaloud.knowledge.documents import Block

TABLE = Block("table", "| City | Days |\n| --- | --- |\n| 上海 | 14 |\n| Berlin | 20 |")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_delimiter_and_the_encoding_are_found_out(blocks: Blocks, delimiter: str, encoding: str) -> None:
    text = "City,Days\r\n上海,14\r\nBerlin,20\r\n".replace(",", delimiter)
    assert blocks("leave.csv", text.encode(encoding)) == [TABLE]


def test_tsv_is_read_as_well(blocks: Blocks) -> None:
    assert blocks("leave.tsv", "City\tDays\n上海\t14\nBerlin\t20") == [TABLE]


def test_quotes_hold_lines_and_delimiters(blocks: Blocks) -> None:
    [block] = blocks("a.csv", 'name,text\n"A, B","one\ntwo ""three"""\n')
    assert block.text.endswith('| A, B | one two "three" |')


def test_a_formula_is_text(blocks: Blocks) -> None:
    [block] = blocks("a.csv", "name,total\nx,=SUM(A1:A9)\ny,\"=cmd|'/C calc'!A0\"\n")
    assert block.text.split("\n")[2:] == ["| x | =SUM(A1:A9) |", "| y | =cmd\\|'/C calc'!A0 |"]


def test_a_quote_that_is_never_closed_is_named(refusal: Refusal) -> None:
    code, message = refusal("a.csv", 'a,b\n"never closed,1\n' + "x,2\n" * 50_000)
    assert code == "broken"
    assert "quote" in message


def test_a_line_without_end_is_refused(refusal: Refusal) -> None:
    assert refusal("a.csv", "a," * 600_000)[0] == "too_large"
