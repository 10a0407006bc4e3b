"""PPTX: a slide is a page."""

from __future__ import annotations

import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.knowledge.documents.conftest import Blocks, Read
from tests.knowledge.documents.office_files import content, slides
from thinkaloud.knowledge.documents import Block

BOX = (Inches(1), Inches(1), Inches(4), Inches(1))


def test_a_slide_is_a_page_with_a_heading(read: Read) -> None:
    document = read("deck.pptx", slides("计划", "Costs"))
    assert document.title == "计划"
    assert list(document.blocks()) == [
        Block("heading", "计划", 1, 1),
        Block("text", "About 计划", page=1),
        Block("heading", "Costs", 1, 2),
        Block("text", "About Costs", page=2),
    ]


def test_text_comes_from_the_top_and_groups_notes_tables_and_charts_are_read(blocks: Blocks) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    slide.shapes.add_textbox(Inches(1), Inches(5), *BOX[2:]).text_frame.text = "below"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(*BOX).text_frame.text = "in a group"
    frame = slide.shapes.add_textbox(Inches(1), Inches(0), *BOX[2:]).text_frame
    frame.text = "above"
    point = frame.add_paragraph()
    point.text, point.level = "a point", 1
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(6), *BOX[2:]).table
    for place, text in enumerate(["City", "Days", "成都", "5"]):
        table.cell(place // 2, place % 2).text = text
    figures = CategoryChartData()
    figures.categories = ["Q1", "Q2"]
    figures.add_series("Sales", (1.5, 2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(7), *BOX[2:], figures).chart
    chart.chart_title.text_frame.text = "Quarter"
    slide.notes_slide.notes_text_frame.text = "say this aloud"
    assert [(block.kind, block.text) for block in blocks("deck.pptx", content(presentation))] == [
        ("heading", "Slide 1"),
        ("text", "above\n  - a point"),
        ("text", "in a group"),
        ("text", "below"),
        ("table", "| City | Days |\n| --- | --- |\n| 成都 | 5 |"),
        ("table", "| Quarter | Sales |\n| --- | --- |\n| Q1 | 1.5 |\n| Q2 | 2 |"),
        ("text", "Notes: say this aloud"),
    ]


def test_merged_cells_say_their_text_again(blocks: Blocks) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    table = slide.shapes.add_table(3, 3, *BOX).table
    for place, text in enumerate(["Region", "City", "Days", "North", "Berlin", "1", "", "Kiel", "2"]):
        table.cell(place // 3, place % 3).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    [_, block] = blocks("deck.pptx", content(presentation))
    assert block.text.split("\n")[2:] == ["| North | Berlin | 1 |", "| North | Kiel | 2 |"]


def test_a_slide_with_a_title_alone_says_it_as_text(blocks: Blocks) -> None:
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = "Sales are up"
    presentation.slides.add_slide(presentation.slide_layouts[6])
    assert blocks("deck.pptx", content(presentation)) == [
        Block("heading", "Sales are up", 1, 1),
        Block("text", "Sales are up", page=1),
    ]
