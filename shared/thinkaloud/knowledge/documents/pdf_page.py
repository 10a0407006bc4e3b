"""What stands on a page of a PDF and where: characters, and the straight lines that may rule a table."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as c

from thinkaloud.errors import DocumentTooLarge

#: Characters of a page. A densely printed one has 8,000; of each, position and font are asked.
MAX_CHARACTERS = 200_000
#: Drawn objects among which rules are looked for. A page with more is a drawing, and no table.
_MAX_OBJECTS = 20_000
#: Lines of one drawn object.
_MAX_SEGMENTS = 400
#: Forms within forms.
_DEPTH = 4
#: Points. What is shorter rules nothing; what is less out of line was meant to be straight.
_SHORTEST = 4.0
_STRAIGHT = 1.0
_WHITE = 250
#: Where a font has no name for a glyph, or a hyphen only ends the line.
_HYPHENS = ("\x02", "\ufffe", "\xad")
#: A font is bold by its weight, or by its name where it does not say one; SimHei is what Chinese headings are set in.
_BOLD = 600
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|simhei", re.IGNORECASE)
_NAME_BYTES = 128
#: Every so many characters, and at the start of a line, it is asked whether the font is bold.
_WEIGHED = 8

Point = tuple[float, float]
#: (a, b, c, d, e, f) of x' = ax + cy + e, y' = bx + dy + f.
Matrix = tuple[float, float, float, float, float, float]


class Glyph(NamedTuple):
    """A character in its box, in points from the lower left corner of the page as it is read. `size` is the font's."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    is_bold: bool


class Rule(NamedTuple):
    """A straight line: at `at` across, from `start` to `end` along."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class Page:
    """A page, read. `covered` is the share of it that its largest picture takes."""

    number: int
    width: float
    height: float
    glyphs: list[Glyph]
    horizontal: list[Rule]
    vertical: list[Rule]
    covered: float


def read_page(document: pdfium.PdfDocument, number: int) -> Page:
    """Read the page, which counts from 1, and release all that PDFium holds of it.

    Raises:
        DocumentTooLarge: there are more characters on it than on any page.
    """
    page = document[number - 1]
    try:
        turn, width, height = _upright(page)
        text = page.get_textpage()
        try:
            glyphs = list(_glyphs(text, turn))
        finally:
            text.close()
        drawn = _Drawn(turn)
        drawn.look(page, _DEPTH)
        area = drawn.picture / (width * height) if width * height else 0.0
        return Page(number, width, height, glyphs, drawn.horizontal, drawn.vertical, area)
    finally:
        page.close()


def _upright(page: pdfium.PdfPage) -> tuple[Callable[[float, float], Point], float, float]:
    """How a point turns when the page is held as it is meant to be read; its width and height then."""
    left, bottom, right, top = page.get_bbox()
    match page.get_rotation():
        case 90:
            return lambda x, y: (y - bottom, right - x), top - bottom, right - left
        case 180:
            return lambda x, y: (right - x, top - y), right - left, top - bottom
        case 270:
            return lambda x, y: (top - y, x - left), top - bottom, right - left
        case _:
            return lambda x, y: (x - left, y - bottom), right - left, top - bottom


def _glyphs(text: pdfium.PdfTextPage, turn: Callable[[float, float], Point]) -> Iterator[Glyph]:
    """The characters in the order of the file, with the spaces and ends of lines that PDFium makes out between them."""
    count = text.count_chars()
    if count > MAX_CHARACTERS:
        raise DocumentTooLarge(f"a page has {count:,} characters; the limit is {MAX_CHARACTERS:,}")
    box, matrix = c.FS_RECTF(), c.FS_MATRIX()
    at_start = is_bold = False
    for index in range(count):
        character = _character(c.FPDFText_GetUnicode(text, index))
        if character in "\r\n":
            at_start = True
            yield Glyph("\n", 0, 0, 0, 0, 0, is_bold=False)
            continue
        c.FPDFText_GetLooseCharBox(text, index, box)
        c.FPDFText_GetMatrix(text, index, matrix)
        size = c.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
        if at_start or index % _WEIGHED == 0:
            is_bold = _is_bold(text, index)
            at_start = character == " "
        (x0, y0), (x1, y1) = turn(box.left, box.bottom), turn(box.right, box.top)
        yield Glyph(character, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), size, is_bold)


def _is_bold(text: pdfium.PdfTextPage, index: int) -> bool:
    name = ctypes.create_string_buffer(_NAME_BYTES)
    c.FPDFText_GetFontInfo(text, index, name, _NAME_BYTES, None)
    return c.FPDFText_GetFontWeight(text, index) >= _BOLD or _BOLD_NAME.search(name.value) is not None


def _character(code: int) -> str:
    """A character as it can be stored: a bullet of a symbol font as a bullet, what has no meaning as nothing."""
    text = chr(code) if code <= 0x10FFFF else ""
    if text in _HYPHENS:
        return "\xad"
    if 0xF000 <= code <= 0xF0FF:  # the symbol fonts of Windows
        return "•"
    return "" if code in (0, 0xFFFD) else text


class _Drawn:
    """Looks through the objects that are drawn on a page."""

    def __init__(self, turn: Callable[[float, float], Point]) -> None:
        self.horizontal: list[Rule] = []
        self.vertical: list[Rule] = []
        self.picture = 0.0
        self._turn = turn
        self._left = _MAX_OBJECTS

    def look(self, page: pdfium.PdfPage, depth: int) -> None:
        """At everything on the page."""
        for index in range(min(c.FPDFPage_CountObjects(page), _MAX_OBJECTS)):
            self._object(c.FPDFPage_GetObject(page, index), (1, 0, 0, 1, 0, 0), depth)

    def _object(self, item: c.FPDF_PAGEOBJECT, outer: Matrix, depth: int) -> None:
        kind = c.FPDFPageObj_GetType(item)
        self._left -= 1
        if self._left < 0:
            self.horizontal, self.vertical = [], []
        elif kind == c.FPDF_PAGEOBJ_PATH:
            self._path(item, _within(item, outer))
        elif kind == c.FPDF_PAGEOBJ_IMAGE:
            a, b, x, y, _, _ = _within(item, outer)  # a picture is drawn into the unit square
            self.picture = max(self.picture, abs(a * y - b * x))
        elif kind == c.FPDF_PAGEOBJ_FORM and depth:
            inner = _within(item, outer)
            for index in range(min(c.FPDFFormObj_CountObjects(item), _MAX_OBJECTS)):
                self._object(c.FPDFFormObj_GetObject(item, index), inner, depth - 1)

    def _path(self, item: c.FPDF_PAGEOBJECT, matrix: Matrix) -> None:
        count = c.FPDFPath_CountSegments(item)
        if not 1 < count <= _MAX_SEGMENTS or not _is_seen(item):
            return
        x, y = ctypes.c_float(), ctypes.c_float()
        start = last = (0.0, 0.0)
        for index in range(count):
            segment = c.FPDFPath_GetPathSegment(item, index)
            c.FPDFPathSegment_GetPoint(segment, x, y)
            point = self._turn(*_moved((x.value, y.value), matrix))
            kind = c.FPDFPathSegment_GetType(segment)
            if kind == c.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == c.FPDF_SEGMENT_LINETO:
                self._line(last, point)
            if c.FPDFPathSegment_GetClose(segment):
                self._line(point, start)
            last = point

    def _line(self, one: Point, other: Point) -> None:
        across, up = abs(one[0] - other[0]), abs(one[1] - other[1])
        if up <= _STRAIGHT and across >= _SHORTEST:
            self.horizontal.append(Rule((one[1] + other[1]) / 2, min(one[0], other[0]), max(one[0], other[0])))
        elif across <= _STRAIGHT and up >= _SHORTEST:
            self.vertical.append(Rule((one[0] + other[0]) / 2, min(one[1], other[1]), max(one[1], other[1])))


def _is_seen(item: c.FPDF_PAGEOBJECT) -> bool:
    """Whether a path is drawn at all, and not white on white."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not c.FPDFPath_GetDrawMode(item, fill, stroke):
        return False
    if stroke.value or not fill.value:
        return bool(stroke.value)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    c.FPDFPageObj_GetFillColor(item, red, green, blue, alpha)
    return alpha.value > 0 and min(red.value, green.value, blue.value) < _WHITE


def _within(item: c.FPDF_PAGEOBJECT, outer: Matrix) -> Matrix:
    """The object's matrix within that of the form it is in."""
    own = c.FS_MATRIX()
    c.FPDFPageObj_GetMatrix(item, own)
    a, b, x, y, e, f = outer
    return (
        own.a * a + own.b * x,
        own.a * b + own.b * y,
        own.c * a + own.d * x,
        own.c * b + own.d * y,
        own.e * a + own.f * x + e,
        own.e * b + own.f * y + f,
    )


def _moved(point: Point, matrix: Matrix) -> Point:
    a, b, x, y, e, f = matrix
    return a * point[0] + x * point[1] + e, b * point[0] + y * point[1] + f
