"""Rows become tables that say in each part what their columns are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS, Block
from thinkaloud.knowledge.documents.table import TableBuilder, table
from thinkaloud.language import normalise


def texts(*rows: list[str]) -> list[str]:
    return [block.text for block in table(rows)]


def test_the_first_row_is_the_header() -> None:
    assert list(table([["City", "Days"], ["Berlin", "14"]], 3)) == [
        Block("table", "| City | Days |\n| --- | --- |\n| Berlin | 14 |", page=3)
    ]


def test_cells_keep_to_their_line_and_column() -> None:
    assert texts(["a", "b", ""], ["x | y", "one\ntwo"], [], ["", ""], ["only"], ["1", "2", "3"]) == [
        "| a | b |\n| --- | --- |\n| x \\| y | one two |\n| only |  |\n| 1 | 2 | 3 |"
    ]


def test_a_title_above_a_table_is_a_line() -> None:
    assert texts(["Prices 2026"], ["", "all in euro"], ["City", "Price"], ["Berlin", "1"]) == [
        "Prices 2026\nall in euro",
        "| City | Price |\n| --- | --- |\n| Berlin | 1 |",
    ]
    assert texts(["通知", "通知"], ["City", "Price"])[0] == "通知", "merged over all columns"


def test_a_single_column_is_a_list() -> None:
    assert texts(["one"], ["two"], ["three"]) == ["one\ntwo\nthree"]


def test_a_wide_table_says_its_columns_in_each_row() -> None:
    names = [f"a column with a long name {number}" for number in range(20)]
    [row] = texts(names, [str(number) for number in range(20)])
    assert row.startswith("a column with a long name 0: 0\na column with a long name 1: 1\n")


def test_another_page_begins_another_part() -> None:
    builder = TableBuilder(1)
    found = [block for row in (["a", "b"], ["1", "2"]) for block in builder.add(row)]
    found += builder.turn(2)
    found += [*builder.add(["3", "4"]), *builder.end()]
    assert [(block.page, block.text.split("\n")[2:]) for block in found] == [(1, ["| 1 | 2 |"]), (2, ["| 3 | 4 |"])]


CELL = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)


@given(st.lists(st.lists(CELL, max_size=6), max_size=40))
def test_no_cell_is_lost(rows: list[list[str]]) -> None:
    def letters(text: str) -> str:
        return "".join(text.replace("---", "").split()).replace("|", "").replace("\\", "")

    found = letters("".join(texts(*rows)))
    for row in rows:
        for cell in row:
            assert letters(normalise(cell)) in found


def test_a_large_table_is_cut_between_rows() -> None:
    parts = texts(["n", "text"], *([str(number), "word " * 20] for number in range(1_000)))
    assert len(parts) > 5
    assert all(part.startswith("| n | text |\n| --- | --- |\n| ") for part in parts)
    assert max(map(len, parts)) < BLOCK_CHARACTERS + 200
