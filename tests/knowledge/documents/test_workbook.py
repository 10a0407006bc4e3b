"""XLSX: sheets as headings, cells as a sheet shows them."""

from __future__ import annotations

import datetime

import openpyxl
import pytest
from openpyxl.styles import Font

from tests.knowledge.documents.conftest import Blocks, Read, Refusal
from tests.knowledge.documents.office_files import changed, content, part, workbook
from thinkaloud.knowledge.documents import Block
from thinkaloud.knowledge.documents import workbook as reader

BOOK = "leave.xlsx"
SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def sheet(rows: str) -> bytes:
    """A workbook whose sheet has this XML."""
    return changed(workbook(), {SHEET: HEAD + rows.encode() + b"</sheetData></worksheet>"})


def test_each_sheet_is_a_heading_with_its_table(read: Read) -> None:
    book = openpyxl.Workbook()
    book.active.title = "年假"
    book.active.append(["City", "Days"])
    book.active.append(["上海", 14])
    second = book.create_sheet("Notes")
    second.append(["just a line"])
    book.create_sheet("Empty")
    hidden = book.create_sheet("Hidden")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    document = read(BOOK, content(book))
    assert document.title == "leave"
    assert list(document.blocks()) == [
        Block("heading", "年假", 1),
        Block("table", "| City | Days |\n| --- | --- |\n| 上海 | 14 |"),
        Block("heading", "Notes", 1),
        Block("text", "just a line"),
    ]


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (datetime.date(2026, 3, 1), "yyyy-mm-dd", "2026-03-01"),
        (datetime.datetime(2026, 3, 1, 9, 30), "yyyy-mm-dd h:mm", "2026-03-01 09:30"),  # noqa: DTZ001
        (datetime.time(9, 30), "h:mm", "09:30"),
        (46082, 'yyyy"年"m"月"d"日"', "2026-03-01"),
        (0.125, "0.0%", "12.5%"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567.0, '#,##0 "days"', "1234567"),
        (True, "General", "TRUE"),
        ("_x000D_line\none", "General", "line one"),
    ],
)
def test_a_cell_says_what_it_shows(blocks: Blocks, value: object, form: str, shown: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(["name", "value"])
    book.active.append(["x", value])
    book.active["B2"].number_format = form
    assert blocks(BOOK, content(book))[1].text.split("\n")[2] == f"| x | {shown} |"


def test_a_formula_says_its_result_and_without_one_itself(blocks: Blocks) -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="2"><c r="A2"><f>SUM(B1:B9)</f><v>42</v></c><c r="B2"><f>HYPERLINK("http://x")</f></c></row>'
    )
    assert blocks(BOOK, sheet(rows))[1].text.split("\n")[2] == '| 42 | =HYPERLINK("http://x") |'


def test_merged_cells_say_their_text_in_each_row(blocks: Blocks) -> None:
    book = openpyxl.Workbook()
    for row in (["Region", "City"], ["North", "Berlin"], [None, "Kiel"], ["South", "Ulm"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    assert blocks(BOOK, content(book))[1].text.split("\n")[2:] == [
        "| North | Berlin |",
        "| North | Kiel |",
        "| South | Ulm |",
    ]


def test_rich_text_and_shared_strings_are_put_together(blocks: Blocks) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active["A1"].font = Font(bold=True)
    made = content(book)
    strings = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Ci</t></si><si><r><t>Da</t></r>'
        b"<r><t>ys</t></r><rPh><t>no</t></rPh></si></sst>"
    )
    rows = b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row></sheetData></worksheet>'
    kind = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'spreadsheetml.sharedStrings+xml"/></Types>'
    )
    relation = (
        b'<Relationship Id="rId9" Target="sharedStrings.xml" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    relations = "xl/_rels/workbook.xml.rels"
    parts = {
        SHEET: HEAD + rows,
        "xl/sharedStrings.xml": strings,
        "[Content_Types].xml": part(made, "[Content_Types].xml").replace(b"</Types>", kind),
        relations: part(made, relations).replace(b"</Relationships>", relation),
    }
    assert blocks(BOOK, changed(made, parts))[1].text.startswith("| Ci | Days |")


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><v>3</v></c></row>',
        "<row><c><v>1</v></c><c/><c><v>3</v></c></row>",
        '<row r="99999999999999999999"><c r="A1"><v>1</v></c><c r="C1"><v>3</v></c></row>',
    ],
)
def test_cells_keep_their_columns_and_rows_may_lie(blocks: Blocks, rows: str) -> None:
    assert blocks(BOOK, sheet(rows))[1].text.startswith("| 1 |  | 3 |")


def test_a_cell_far_out_costs_what_it_takes_and_many_are_refused(
    blocks: Blocks, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = '<row r="1"><c r="XFD1"><v>1</v></c></row>'
    assert blocks(BOOK, sheet(far))[1].text == "1"
    monkeypatch.setattr(reader, "MAX_CELLS", 100_000)
    code, message = refusal(BOOK, sheet(far * 20))
    assert code == "too_large"
    assert "100,000 cells" in message


@pytest.mark.parametrize("cell", ['r="ZZZ1"', 'r="A1" t="s"', 'r="A1" s="x"'])
def test_a_cell_that_cannot_be_is_damage(refusal: Refusal, cell: str) -> None:
    assert refusal(BOOK, sheet(f"<row><c {cell}><v>7</v></c></row>"))[0] == "broken"


def test_a_workbook_without_a_list_of_sheets_is_damaged(refusal: Refusal) -> None:
    assert refusal(BOOK, changed(workbook(), {"xl/workbook.xml": None}))[0] == "broken"
