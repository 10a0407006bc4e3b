"""Lines of a PDF -> headings and paragraphs, by size, weight and place, as a reader's eye does it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from thinkaloud.knowledge.documents.block import HEADING_CHARACTERS
from thinkaloud.knowledge.documents.pdf_lines import LEADER, Item, Line, Table, joined
from thinkaloud.knowledge.documents.pdf_page import Page

#: How much larger than the text a heading is set.
_LARGER = 1.12
_MAX_LEVEL = 6
#: Characters of a heading that is only bold.
_BOLD_CHARACTERS = 80
#: Of a font's size: the space between two lines of a paragraph.
_LEADING = 1.0
#: Of a font's size: how far a paragraph's first line is set in.
_INDENT = 1.2
#: Of a font's size: how much shorter than the next a line is that ends a paragraph.
_SHORT = 8.0
#: Shares of a page's height at its top and bottom where running heads and page numbers are.
_MARGIN = 0.1
#: Running heads kept in mind.
_MAX_HEADS = 200
_HEAD_CHARACTERS = 100
#: Points by which the height of a head may differ from page to page.
_STEP = 4
_ENDS = tuple('.。!！?？:：;；”"」)）')
_ITEM = re.compile(
    r"[•◦▪●○■□◆–—*·-]\s|\(?\d{1,3}[.)、．]\s?\D|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、"
    r"|第.{1,4}[条章节]"
)
_LETTERS = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"\w+")
_PAGE_NUMBER = re.compile(r"(?:page|p|第)? ?\d+ ?页?(?: (?:of|共)? ?\d+ ?页?)?", re.IGNORECASE)

#: The text of a running head, its numbers left out, and the height at which it stands, in steps of `_STEP` points.
_Head = tuple[str, int]


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together. `level` is that of a heading, 0 of text. `goes_on` if the page ended within it."""

    text: str
    level: int
    goes_on: bool


class Sizes:
    """Which sizes of a document are its text, and which its headings: known from some of its pages."""

    def __init__(self, lines: Iterable[Line]) -> None:
        counts: Counter[float] = Counter()
        for line in lines:
            counts[_rounded(line.size)] += len(line.text)
        self.body = counts.most_common(1)[0][0] if counts else 0.0
        self._larger = sorted((size for size in counts if size >= self.body * _LARGER), reverse=True)

    def level(self, size: float) -> int:
        """The level of a heading of this size; 0 for the text's."""
        if not self.body or size < self.body * _LARGER:
            return 0
        return min(1 + sum(larger > _rounded(size) for larger in self._larger), _MAX_LEVEL)

    @property
    def below(self) -> int:
        """The level of headings that are as large as the text, and only bold."""
        return min(1 + len(self._larger), _MAX_LEVEL)


class RunningHeads:
    """What stands at the same place at the top or bottom of page after page: said once, and page numbers never.

    `sampled` are some pages of the document, so that a head is known for one when it is first met.
    """

    def __init__(self, sampled: Iterable[tuple[Page, Sequence[Item]]]) -> None:
        heads = [head for page, found in sampled for head in {_head(item, page) for item in found} if head]
        self._known = {head for head, count in Counter(heads).items() if count > 1}
        self._said: set[_Head] = set()

    def parted(self, found: Sequence[Item], page: Page) -> tuple[list[Line], list[Item]]:
        """The heads that were not said before, and what is left of the page without any."""
        new: list[Line] = []
        rest: list[Item] = []
        here: set[_Head] = set()
        for item in found:
            head = _head(item, page)
            if head is None or not isinstance(item, Line):
                rest.append(item)
            elif head in self._said or _PAGE_NUMBER.fullmatch(" ".join(_WORDS.findall(item.text))):
                continue
            else:
                (new if head in self._known else rest).append(item)
                here.add(head)
        if len(self._said) < _MAX_HEADS:
            self._said |= here
        return new, rest


def _head(item: Item, page: Page) -> _Head | None:
    """How a line would be known again if it were a running head; None where it cannot be one."""
    in_margin = item.y1 < page.height * _MARGIN or item.y0 > page.height * (1 - _MARGIN)
    if isinstance(item, Table) or not in_margin or len(item.text) > _HEAD_CHARACTERS:
        return None
    return _DIGITS.sub("#", item.text), round(item.y0 / _STEP)


def paragraphs(found: Sequence[Item], sizes: Sizes) -> Iterator[Paragraph | Table | list[tuple[str, ...]]]:
    """The items of a page as paragraphs and tables; rows that only gaps part come as a list of their cells."""
    gathered: list[Line] = []
    columns: list[Line] = []
    for item in [*found, None]:
        if isinstance(item, Line) and len(item.cells) > 1:
            yield from _paragraph(gathered, sizes)
            gathered = []
            columns.append(item)
            continue
        if columns:
            yield from _columns(columns, sizes)
            columns = []
        if item is None or isinstance(item, Table) or (gathered and not _belongs(gathered, item, sizes)):
            yield from _paragraph(gathered, sizes, at_end=item is None)
            gathered = []
        if isinstance(item, Table):
            yield item
        elif item is not None:
            gathered.append(item)


def _columns(rows: list[Line], sizes: Sizes) -> Iterator[Paragraph | list[tuple[str, ...]]]:
    """Rows of equally many parts are a table without rules; a single one is a line of text."""
    if len(rows) > 1 and len({len(row.cells) for row in rows}) == 1:
        yield [row.cells for row in rows]
        return
    for row in rows:
        yield from _paragraph([row], sizes)


def _belongs(gathered: Sequence[Line], line: Line, sizes: Sizes) -> bool:
    """Whether a line goes on with the paragraph."""
    first, last = gathered[0], gathered[-1]
    size = max(last.size, 1.0)
    left, right = min(one.x0 for one in gathered), max(one.x1 for one in gathered)
    if abs(line.size - last.size) > 0.1 * size or line.is_bold != last.is_bold or _ITEM.match(line.text):
        return False
    if line.y0 > last.y1 and line.x0 > right:  # at the top of the next column
        return not last.text.endswith(_ENDS)
    if line.y0 > last.y1 or last.y0 - line.y1 > _LEADING * size or line.x0 > right or line.x1 < left:
        return False
    if sizes.level(line.size):
        return True
    if line.x1 - last.x1 > _SHORT * size:  # the word that begins this line would have found room on the last
        return False
    is_set_in = line.x0 > min(left, last.x0) + _INDENT * size and (len(gathered) > 1 or first.x0 > left + size)
    return not (last.text.endswith(_ENDS) and (is_set_in or last.x1 < max(right, line.x1) - _SHORT / 2 * size))


def _paragraph(lines: Sequence[Line], sizes: Sizes, *, at_end: bool = False) -> Iterator[Paragraph]:
    if not lines:
        return
    text = joined(line.text for line in lines)
    level = sizes.level(max(line.size for line in lines))
    if not level and all(line.is_bold for line in lines) and _may_head(text, _BOLD_CHARACTERS):
        level = sizes.below
    if level and not _may_head(text, HEADING_CHARACTERS):
        level = 0
    yield Paragraph(text, level, goes_on=at_end and not level and not text.endswith(_ENDS))


def _may_head(text: str, limit: int) -> bool:
    """Whether a heading may read so: not as a sentence does, nor as an entry of a table of contents."""
    if len(text) > limit or LEADER in text or text.endswith(("。", "；", "，", ";", ",")):
        return False
    return len(_LETTERS.findall(text)) > 1


def _rounded(size: float) -> float:
    return round(size * 2) / 2
