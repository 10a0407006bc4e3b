"""PPTX: a slide is a page with a heading; then its text, its tables, the figures of its charts, and the notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.shapes import MSO_SHAPE_TYPE

from thinkaloud.knowledge.documents import office
from thinkaloud.knowledge.documents.archive import check
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.plain import cleaned, cut
from thinkaloud.knowledge.documents.table import table

#: English Metric Units in half an inch: shapes whose tops differ by less stand side by side.
_ROW = 457_200
#: Groups within groups.
_DEPTH = 20
#: What repeats on each slide: date, footer, number.
_FURNITURE = frozenset((13, 15, 16))

title = office.title


def blocks(path: Path) -> Iterator[Block]:
    """The slides in order. What is only a picture, or moves, is left out."""
    check(path, tree="ppt/")
    for number, slide in enumerate(pptx.Presentation(str(path)).slides, start=1):
        yield from _slide(slide, number)


def _slide(slide: Any, number: int) -> Iterator[Block]:
    """The blocks of a slide. One with nothing but a title says it as text: it may be all there is to find."""
    heading = " ".join(slide.shapes.title.text_frame.text.split()) if slide.shapes.title is not None else ""
    body = list(_body(slide, number))
    if body or heading:
        yield Block("heading", next(cleaned([heading]), f"Slide {number}"), 1, number)
        yield from body or _text(heading, number)


def _body(slide: Any, number: int) -> Iterator[Block]:
    known = slide.shapes.title.shape_id if slide.shapes.title is not None else None
    for shape in _in_order(slide.shapes, _DEPTH):
        if shape.shape_id != known:
            yield from _shape(shape, number)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        yield from _text(f"Notes: {notes}" if notes else "", number)


def _in_order(shapes: Iterable[Any], depth: int) -> Iterator[Any]:
    """The shapes as one reads them, from the top and from the left; those of a group together."""
    for shape in sorted(shapes, key=lambda shape: ((shape.top or 0) // _ROW, shape.left or 0)):
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP and depth:
            yield from _in_order(shape.shapes, depth - 1)
        elif not (shape.is_placeholder and shape.placeholder_format.type in _FURNITURE):
            yield shape


def _shape(shape: Any, number: int) -> Iterator[Block]:
    if getattr(shape, "has_table", False):
        yield from table(_rows(shape.table), number)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart, number)
    elif shape.has_text_frame:
        yield from _text("\n".join(map(_line, shape.text_frame.paragraphs)), number)


def _line(paragraph: Any) -> str:
    mark = "  " * paragraph.level + "- " if paragraph.level and paragraph.text.strip() else ""
    return mark + str(paragraph.text).replace("\v", "\n").strip()


def _rows(table_of_slide: Any) -> Iterator[list[str]]:
    """The rows' texts; a merged cell says in each place what it says in the first."""
    grid = [list(row.cells) for row in table_of_slide.rows]
    above: list[str] = []
    for row in grid:
        texts: list[str] = []
        for place, cell in enumerate(row):
            text = cell.text_frame.text
            if cell.is_spanned:
                is_below = cell._tc.vMerge and place < len(above)
                text = above[place] if is_below else (texts[-1] if texts else "")
            texts.append(text)
        yield texts
        above = texts


def _chart(chart: Any, number: int) -> Iterator[Block]:
    """The figures of a chart as a table, under its title."""
    titled = chart.has_title and chart.chart_title.has_text_frame
    name = " ".join(chart.chart_title.text_frame.text.split()) if titled else ""
    for plot in chart.plots:
        series = list(plot.series)
        rows = [[name or "–", *(str(one.name) for one in series)]]
        for place, category in enumerate(plot.categories):
            values = (one.values[place] if place < len(one.values) else None for one in series)
            rows.append([str(category), *("" if value is None else f"{value:.15g}" for value in values)])
        yield from table(rows, number)


def _text(text: str, number: int) -> Iterator[Block]:
    return (Block("text", piece, page=number) for piece in cleaned(cut(text)))
