"""PDF: text in reading order, headings by size, ruled tables as tables, and a reason where there is no text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.pdf_writer import HEIGHT, PdfPage, pdf
from tests.knowledge.documents.conftest import Blocks, Read, Refusal
from thinkaloud.knowledge.documents import Block
from thinkaloud.knowledge.documents import pdf as reader
from thinkaloud.knowledge.documents import pdf_page as page_reader

PROSE = ("A refund takes five working days from the day on which the par-", "cel arrives. It is paid to the same card.")
WHOLE = "A refund takes five working days from the day on which the parcel arrives. It is paid to the same card."
TABLE = [["City", "Days"], ["上海", "14"], ["Berlin", "20"]]


def texts(found: list[Block]) -> list[str]:
    return [block.text for block in found]


def test_a_page_is_read_as_it_is_seen(read: Read) -> None:
    page = (
        PdfPage()
        .text(72, 770, "Handbook", 20)
        .text(72, 740, "年假规定", 14)
        .lines(72, 715, "工作满一年的员工每年有十四天带薪年假，可以结转五天到", "下一年的三月。")
        .table(72, 660, TABLE)
        .text(72, 560, "How it is paid", bold=True)
        .lines(72, 540, *PROSE)
        .lines(72, 500, "1. by card", "2. by voucher")
    )
    document = read("a.pdf", pdf(page, title="员工手册"))
    assert (document.title, document.media) == ("员工手册", "application/pdf")
    assert list(document.blocks()) == [
        Block("heading", "Handbook", 1, 1),
        Block("heading", "年假规定", 2, 1),
        Block("text", "工作满一年的员工每年有十四天带薪年假，可以结转五天到下一年的三月。", page=1),
        Block("table", "| City | Days |\n| --- | --- |\n| 上海 | 14 |\n| Berlin | 20 |", page=1),
        Block("heading", "How it is paid", 3, 1),
        Block("text", WHOLE, page=1),
        Block("text", "1. by card", page=1),
        Block("text", "2. by voucher", page=1),
    ]


@pytest.mark.parametrize("stated", ["", "Microsoft Word - handbook.docx", "untitled", "about:blank"])
def test_a_title_that_a_program_wrote_is_none(read: Read, stated: str) -> None:
    page = PdfPage().text(72, 770, "Leave", 20).lines(72, 715, *PROSE)
    assert read("a.pdf", pdf(page, title=stated)).title == "Leave"


@pytest.mark.parametrize("by_column", [True, False], ids=["by column", "across"])
def test_columns_are_read_one_after_the_other(blocks: Blocks, by_column: bool) -> None:
    page = PdfPage().text(72, 790, "Two columns of text", 20)
    places = [(x, line) for x in (72, 320) for line in range(20)]
    for x, line in places if by_column else sorted(places, key=lambda place: place[1]):
        page.text(x, 750 - line * 14, f"{'left' if x == 72 else 'right'} {line} and some more words")
    text = " ".join(texts(blocks("a.pdf", pdf(page)))[1:])
    order = [text.index(f"{side} {line} and") for side in ("left", "right") for line in range(20)]
    assert order == sorted(order)


def test_a_table_drawn_from_the_bottom_is_still_read_from_the_top(blocks: Blocks) -> None:
    page = PdfPage()
    for line in range(12):
        page.text(72, 300 + line * 30, f"Paragraph {11 - line} of the page.")
    found = " ".join(texts(blocks("a.pdf", pdf(page))))
    assert [found.index(f"Paragraph {line} ") for line in range(12)] == sorted(
        found.index(f"Paragraph {line} ") for line in range(12)
    )


def test_rows_that_only_gaps_part_are_a_table(blocks: Blocks) -> None:
    page = PdfPage()
    for row, cells in enumerate(TABLE):
        for column, cell in enumerate(cells):
            page.text(72 + column * 180, 700 - row * 16, cell)
    assert texts(blocks("a.pdf", pdf(page))) == ["| City | Days |\n| --- | --- |\n| 上海 | 14 |\n| Berlin | 20 |"]


def test_a_merged_cell_says_its_text_in_each_row(blocks: Blocks) -> None:
    page = PdfPage()
    for y in (700, 680, 640):
        page.line(72, y, 312, y)
    page.line(192, 660, 312, 660)
    for x in (72, 192, 312):
        page.line(x, 700, x, 640)
    for x, y, text in (
        (76, 686, "Region"),
        (196, 686, "City"),
        (76, 656, "North"),
        (196, 666, "Kiel"),
        (196, 646, "Ulm"),
    ):
        page.text(x, y, text)
    assert texts(blocks("a.pdf", pdf(page))) == ["| Region | City |\n| --- | --- |\n| North | Kiel |\n| North | Ulm |"]


def test_a_frame_is_no_table(blocks: Blocks) -> None:
    page = PdfPage().table(60, 730, [["", ""]], width=250, height=100).lines(72, 715, *PROSE)
    assert {block.kind for block in blocks("a.pdf", pdf(page))} == {"text"}


def test_a_table_goes_on_over_the_page_and_its_header_is_not_a_row(blocks: Blocks) -> None:
    first = PdfPage().table(72, 780, [["City", "Days"], *([f"c{row}", str(row)] for row in range(30))], height=24)
    second = PdfPage().table(72, 780, [["City", "Days"], ["last", "99"]], height=24)
    found = blocks("a.pdf", pdf(first, second))
    assert [block.page for block in found] == [1, 2]
    assert found[1].text == "| City | Days |\n| --- | --- |\n| last | 99 |"


def test_a_paragraph_goes_on_over_the_page(blocks: Blocks) -> None:
    pages = [
        PdfPage().text(72, 90, "A refund takes five working days from the"),
        PdfPage().text(72, 760, "day of return."),
    ]
    assert blocks("a.pdf", pdf(*pages)) == [
        Block("text", "A refund takes five working days from the day of return.", page=1)
    ]


def test_running_heads_are_said_once_and_page_numbers_never(blocks: Blocks) -> None:
    pages = [
        PdfPage().text(72, 815, "青禾户外 handbook").text(280, 20, f"- {number} -").lines(72, 700, f"Chapter {number}.")
        for number in range(1, 5)
    ]
    assert texts(blocks("a.pdf", pdf(*pages))) == [
        "青禾户外 handbook",
        *(f"Chapter {number}." for number in range(1, 5)),
    ]


def test_a_table_of_contents_has_no_headings_in_it(blocks: Blocks) -> None:
    page = (
        PdfPage().text(72, 770, "Contents", 16).text(72, 740, "1 Refunds" + " ." * 40 + " 3", 14).lines(72, 700, *PROSE)
    )
    assert [(block.kind, block.text) for block in blocks("a.pdf", pdf(page))][:2] == [
        ("heading", "Contents"),
        ("text", "1 Refunds … 3"),
    ]


def test_a_line_that_begins_bold_is_no_heading(blocks: Blocks) -> None:
    page = (
        PdfPage()
        .text(72, 714, "Note that", bold=True)
        .text(130, 714, "a refund takes five days from the day of return")
    )
    assert texts(blocks("a.pdf", pdf(page.lines(72, 700, *PROSE))))[0].startswith("Note that a refund takes")


@pytest.mark.parametrize(
    ("rotate", "matrix", "place"),
    [
        (90, "0 1 -1 0", lambda line: (72 + line * 20, 72)),
        (180, "-1 0 0 -1", lambda line: (500, 72 + line * 20)),
        (270, "0 -1 1 0", lambda line: (500 - line * 20, 700)),
    ],
)
def test_a_turned_page_is_read_upright(
    blocks: Blocks, rotate: int, matrix: str, place: Callable[[int], tuple[int, int]]
) -> None:
    page = PdfPage(rotate=rotate)
    for line, text in enumerate(["Refunds", *PROSE]):
        x, y = place(line)
        page.operators.append(f"BT /latin {20 if not line else 11} Tf {matrix} {x} {y} Tm ({text}) Tj ET")
    assert texts(blocks("a.pdf", pdf(page))) == ["Refunds", WHOLE]


@pytest.mark.parametrize("number", ["7", "- 7 -", "Page 7", "Page 7 of 90", "7/90", "第 7 页", "第7页，共90页", "p. 7"])
def test_a_page_number_is_no_text(blocks: Blocks, number: str) -> None:
    page = PdfPage().lines(72, 700, *PROSE).text(280, 20, number)
    assert texts(blocks("a.pdf", pdf(page))) == [WHOLE]


def test_a_row_of_numbers_at_the_edge_is_text(blocks: Blocks) -> None:
    page = PdfPage().lines(72, 700, *PROSE).text(72, 20, "1 2 3 4 " * 12 + "x")
    assert len(blocks("a.pdf", pdf(page))) == 2


@pytest.mark.parametrize("stamp", ["", "Scanned by an app"])
def test_pages_that_are_pictures_are_said_to_be_scanned(refusal: Refusal, stamp: str) -> None:
    code, message = refusal("a.pdf", pdf(*[PdfPage().picture().text(9, 9, stamp)] * 3))
    assert code == "scanned"
    assert "3 pages" in message
    assert "OCR" in message


def test_a_scan_whose_text_was_recognised_is_text(blocks: Blocks) -> None:
    page = PdfPage().picture()
    page.operators.append("3 Tr")  # text that is there and not drawn
    assert len(blocks("a.pdf", pdf(page.lines(72, 700, *PROSE)))) == 1


def test_a_picture_before_the_text_is_only_a_cover(blocks: Blocks) -> None:
    [block] = blocks("a.pdf", pdf(PdfPage().picture(), PdfPage().lines(72, 700, *PROSE)))
    assert block.page == 2


def test_empty_pages_are_empty(refusal: Refusal) -> None:
    assert refusal("a.pdf", pdf(PdfPage(), PdfPage()))[0] == "empty"


def test_a_password_is_asked_of_nobody(refusal: Refusal) -> None:
    secret = "/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <" + "00" * 32 + "> /U <" + "00" * 32 + "> >>"
    made = pdf(PdfPage().lines(72, 700, *PROSE), trailer=f"{secret} /ID [<00> <00>]")
    assert refusal("a.pdf", made)[0] == "encrypted"


@pytest.mark.parametrize("damage", ["cut", "junk", "no pages", "a page that is none"])
def test_damage_is_said_to_be_damage(refusal: Refusal, damage: str) -> None:
    made = pdf(PdfPage().lines(72, 700, *PROSE))
    broken = {
        "cut": made[:600],
        "junk": b"%PDF-1.7\n" + b"\xde\xad" * 5_000,
        "no pages": made.replace(b"/Type /Pages", b"/Type /Nopes").replace(b"/Kids", b"/Nods"),
        "a page that is none": made.replace(b"/Type /Page /Parent", b"/Type /Cage /Barent").replace(
            b"/MediaBox", b"/Wha"
        ),
    }[damage]
    assert refusal("a.pdf", broken)[0] in ("broken", "empty")


def test_a_count_of_pages_is_not_believed(blocks: Blocks) -> None:
    made = pdf(PdfPage().lines(72, 700, *PROSE)).replace(b"/Count 1 ", b"/Count 900000000 ")
    assert len(blocks("a.pdf", made)) == 1


def test_too_many_pages_are_refused(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_PAGES", 2)
    code, message = refusal("a.pdf", pdf(*[PdfPage().lines(72, 700, *PROSE)] * 3))
    assert (code, "3 pages" in message) == ("too_large", True)


def test_too_many_characters_on_a_page_are_refused(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_reader, "MAX_CHARACTERS", 50)
    assert refusal("a.pdf", pdf(PdfPage().lines(72, 700, *PROSE)))[0] == "too_large"


def test_a_drawing_of_many_lines_is_no_table_and_takes_no_time(blocks: Blocks) -> None:
    page = PdfPage().lines(72, 700, *PROSE)
    for place in range(30_000):
        page.line(place % 500, place % HEIGHT, place % 500 + 50, place % HEIGHT)
    assert len(blocks("a.pdf", pdf(page))) == 1


def test_a_script_in_a_pdf_does_not_run(blocks: Blocks) -> None:
    made = pdf(PdfPage().lines(72, 700, *PROSE))
    action = b"/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1); while(1);) >>"
    assert len(blocks("a.pdf", made.replace(b"/Type /Catalog", action))) == 1
