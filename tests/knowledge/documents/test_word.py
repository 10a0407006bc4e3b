"""DOCX: what is written, in the order in which it is read."""

from __future__ import annotations

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.knowledge.documents.conftest import Blocks, Read
from tests.knowledge.documents.office_files import changed, content, part, word
from thinkaloud.knowledge.documents import Block

HANDBOOK = "handbook.docx"


def xml(inner: str) -> bytes:
    """A document whose body is this."""
    document = docx.Document()
    body = document.element.body
    for element in parse_xml(f"<w:body {nsdecls('w')}>{inner}</w:body>"):
        body.insert(len(body) - 1, element)
    return content(document)


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_headings_paragraphs_lists_and_tables_come_in_order(read: Read) -> None:
    document = docx.Document()
    document.add_heading("员工手册", 0)
    document.add_paragraph("Preface,\twith a tab\nand a line.")
    document.add_heading("年假", 1)
    for text in ("one", "two"):
        document.add_paragraph(text, style="List Bullet")
    for text in ("first", "second"):
        document.add_paragraph(text, style="List Number")
    table = document.add_table(2, 2)
    for place, text in enumerate(["City", "Days", "上海", "14\n15"]):
        table.cell(place // 2, place % 2).text = text
    document.add_heading("Later", 2)
    document.add_paragraph("After the table.")
    opened = read(HANDBOOK, content(document))
    assert opened.title == "员工手册"
    assert list(opened.blocks()) == [
        Block("heading", "员工手册", 1),
        Block("text", "Preface,\twith a tab\nand a line."),
        Block("heading", "年假", 1),
        Block("text", "- one\n- two\n1. first\n2. second"),
        Block("table", "| City | Days |\n| --- | --- |\n| 上海 | 14 15 |"),
        Block("heading", "Later", 2),
        Block("text", "After the table."),
    ]


@pytest.mark.parametrize(("stated", "title"), [("Leave policy", "Leave policy"), ("Word Document", "First")])
def test_a_title_that_somebody_wrote_is_the_title(read: Read, stated: str, title: str) -> None:
    document = docx.Document()
    document.core_properties.title = stated
    document.add_heading("First", 1)
    document.add_paragraph("Text.")
    assert read(HANDBOOK, content(document)).title == title


def test_merged_cells_say_their_text_in_each_row(blocks: Blocks) -> None:
    document = docx.Document()
    table = document.add_table(3, 2)
    for place, text in enumerate(["Region", "City", "North", "Berlin", "", "Hamburg"]):
        table.cell(place // 2, place % 2).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    [block] = blocks(HANDBOOK, content(document))
    assert block.text.split("\n")[2:] == ["| North | Berlin |", "| North | Hamburg |"]


def test_text_in_controls_insertions_links_and_boxes_is_read_and_deleted_text_is_not(blocks: Blocks) -> None:
    inner = (
        f"<w:sdt><w:sdtContent>{paragraph('in a control')}</w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>inserted </w:t></w:r></w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>"
        "<w:p><w:r><w:t>outside</w:t><w:pict>"
        f"<w:txbxContent>{paragraph('in a box')}</w:txbxContent></w:pict></w:r></w:p>"
        "<w:tbl><w:tr><w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt>"
        "<w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    assert [block.text for block in blocks(HANDBOOK, xml(inner))] == [
        "in a control",
        "inserted link",
        "outside",
        "in a box",
        "| a | b |\n| --- | --- |",
    ]


def test_a_heading_is_known_by_its_outline_and_by_what_its_style_is_based_on(blocks: Blocks) -> None:
    document = docx.Document()
    style = document.styles.add_style("条款", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("By style", style="条款")
    document.add_paragraph("Text.")
    paragraph = document.add_paragraph("By outline")
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'))
    document.add_paragraph("Text.")
    levels = [(block.text, block.level) for block in blocks(HANDBOOK, content(document))]
    assert levels == [("By style", 2), ("Text.", 0), ("By outline", 3), ("Text.", 0)]


def test_numbers_that_word_computes_are_computed(blocks: Blocks) -> None:
    level = '<w:lvl w:ilvl="{}"><w:start w:val="{}"/><w:numFmt w:val="{}"/><w:lvlText w:val="{}"/></w:lvl>'
    levels = level.format(0, 9, "chineseCounting", "第%1条") + level.format(1, 1, "lowerRoman", "%2)")
    numbering = (
        f'<w:numbering {nsdecls("w")}><w:abstractNum w:abstractNumId="7">{levels}</w:abstractNum>'
        '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
    )
    item = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="{}"/><w:numId w:val="3"/></w:numPr></w:pPr><w:r><w:t>{}</w:t></w:r></w:p>'
    )
    made = xml(
        "".join(item.format(*one) for one in [(0, "年假"), (1, "a"), (1, "b"), (0, "病假"), (0, "事假"), (1, "c")])
    )
    [block] = blocks(HANDBOOK, changed(made, {"word/numbering.xml": numbering.encode()}))
    assert block.text == "第九条 年假\n  i) a\n  ii) b\n第十条 病假\n第十一条 事假\n  i) c"


def test_a_footnote_follows_its_paragraph(blocks: Blocks) -> None:
    made = xml('<w:p><w:r><w:t>Ten days</w:t><w:footnoteReference w:id="2"/></w:r></w:p>' + paragraph("Next."))
    notes = f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2">{paragraph("Working days.")}</w:footnote></w:footnotes>'
    relation = (
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"'
        b' Target="footnotes.xml"/></Relationships>'
    )
    relations = part(made, "word/_rels/document.xml.rels").replace(b"</Relationships>", relation)
    kind = (
        b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.footnotes+xml"/></Types>'
    )
    parts = {
        "word/footnotes.xml": notes.encode(),
        "word/_rels/document.xml.rels": relations,
        "[Content_Types].xml": part(made, "[Content_Types].xml").replace(b"</Types>", kind),
    }
    assert [block.text for block in blocks(HANDBOOK, changed(made, parts))] == [
        "Ten days[^2]",
        "[^2]: Working days.",
        "Next.",
    ]


def test_a_long_paragraph_comes_in_blocks(blocks: Blocks) -> None:
    found = blocks(HANDBOOK, word("年假十四天。" * 5_000))
    assert len(found) > 2
    assert "".join(block.text for block in found) == "年假十四天。" * 5_000
