"""DOCX: headings, paragraphs, lists and tables in the order of the text, with footnotes where they are referred to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from lxml import etree

from thinkaloud.knowledge.documents import office
from thinkaloud.knowledge.documents.archive import check
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.plain import cleaned, cut
from thinkaloud.knowledge.documents.table import table
from thinkaloud.knowledge.documents.word_numbering import Numbering

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
#: A drawing's second version for old readers, text that was deleted, and what belongs to another paragraph.
_NOT_HERE = ("{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback", f"{_W}del", f"{_W}txbxContent")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
#: Columns that a cell may be said to span.
_SPAN = 100

title = office.title


def blocks(path: Path) -> Iterator[Block]:
    """The body. Headers and footers of pages, comments and deleted text are left out; macros are not even looked at."""
    check(path, tree="word/")
    document = docx.Document(str(path))
    reader = _Reader(document)
    yield from reader.blocks(document.element.body)


class _Reader:
    """Reads the body of one document."""

    def __init__(self, document: WordDocument) -> None:
        self._styles = {style.style_id: style.element for style in document.styles}
        self._levels: dict[str, int] = {}
        self._numbering = Numbering(_part(document, "numbering"), self._styles)
        notes = _part(document, "footnotes")
        self._notes = {note.get(f"{_W}id"): note for note in (notes if notes is not None else ())}

    def blocks(self, body: etree._Element) -> Iterator[Block]:
        """Paragraphs and tables below an element, in order; the items of a list are lines of one paragraph."""
        items: list[str] = []
        for element in _flattened(body):
            if element.tag == f"{_W}tbl":
                yield from _texts([*items])
                items = []
                yield from table(self._rows(element))
                continue
            level, mark = self._level(element), self._numbering.mark(element)
            text = _text(element)
            if level and text.strip():
                yield from _texts(items)
                items = []
                heading = " ".join(f"{mark.strip(' -')} {text}".split())
                yield from (Block("heading", one, level) for one in cleaned([heading]))
            elif mark and text.strip():
                items.append(f"{mark} {text}")
            else:
                yield from _texts(items)
                items = []
                yield from _texts([text])
            yield from self._boxes(element)
            yield from self._footnotes(element)
        yield from _texts(items)

    def _boxes(self, paragraph: etree._Element) -> Iterator[Block]:
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not any(parent.tag == _NOT_HERE[0] for parent in box.iterancestors()):
                yield from self.blocks(box)

    def _footnotes(self, paragraph: etree._Element) -> Iterator[Block]:
        for reference in paragraph.iter(f"{_W}footnoteReference"):
            number = reference.get(f"{_W}id")
            note = self._notes.get(number)
            if note is not None:
                text = "\n".join(map(_text, note.iter(f"{_W}p"))).strip()
                yield from _texts([f"[^{number}]: {text}"] if text else [])

    def _level(self, paragraph: etree._Element) -> int:
        """The level of a heading, from 1; 0 for what is none. Word says it by style or by outline level."""
        outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        if outline is not None:
            return _outline_level(outline)
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        return self._level_of_style(style.get(f"{_W}val", ""), 10) if style is not None else 0

    def _level_of_style(self, style_id: str, depth: int) -> int:
        """As the style or one that it is based on says; `depth` of those are asked."""
        if style_id not in self._levels:
            self._levels[style_id] = self._asked(style_id, depth)
        return self._levels[style_id]

    def _asked(self, style_id: str, depth: int) -> int:
        style = self._styles.get(style_id)
        if style is None or depth == 0:
            return 0
        name = style.find(f"{_W}name")
        said = name.get(f"{_W}val", "").lower() if name is not None else ""
        if said == "title":
            return 1
        if found := _HEADING.match(said):
            return min(int(found.group(1)), 9) or 1
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        if outline is not None:
            return _outline_level(outline)
        base = style.find(f"{_W}basedOn")
        return self._level_of_style(base.get(f"{_W}val", ""), depth - 1) if base is not None else 0

    def _rows(self, element: etree._Element) -> Iterator[list[str]]:
        """The rows' texts; a cell merged with the one above says the same, one that spans columns says it in each."""
        above: list[str] = []
        for row in _children(element, "tr"):
            texts: list[str] = []
            for cell in _children(row, "tc"):
                merged = cell.find(f"{_W}tcPr/{_W}vMerge")
                goes_on = merged is not None and merged.get(f"{_W}val") != "restart"
                text = "\n".join(map(_text, cell.iter(f"{_W}p")))
                if goes_on and len(texts) < len(above):
                    text = above[len(texts)]
                texts += [text] * _span(cell)
            yield texts
            above = texts


def _part(document: WordDocument, kind: str) -> etree._Element | None:
    """The tree of a part that the document refers to."""
    for relationship in document.part.rels.values():
        if relationship.reltype.endswith(f"/{kind}") and not relationship.is_external:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            return etree.fromstring(relationship.target_part.blob, parser)
    return None


def _flattened(body: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables, also those in a content control or an insertion, however deep."""
    stack = [iter(body)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins", f"{_W}moveTo"):
            stack.append(iter(element))


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """The rows of a table or the cells of a row, also those in a content control; not those of a table inside."""
    for child in element:
        if child.tag == f"{_W}{name}":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml"):
            yield from _children(child, name)


def _text(paragraph: etree._Element) -> str:
    """The paragraph's text as it stands after all changes were accepted."""
    pieces: list[str] = []
    events = etree.iterwalk(paragraph, events=("start",))
    for _, element in events:
        tag = element.tag
        if tag in _NOT_HERE:
            events.skip_subtree()
        elif tag in (f"{_W}t", _MATH_TEXT):
            pieces.append(element.text or "")
        elif tag == f"{_W}tab" and element.getparent().tag == f"{_W}r":
            pieces.append("\t")
        elif tag in (f"{_W}br", f"{_W}cr"):
            pieces.append("\n")
        elif tag == f"{_W}noBreakHyphen":
            pieces.append("-")
        elif tag == f"{_W}footnoteReference":
            pieces.append(f"[^{element.get(f'{_W}id')}]")
    return "".join(pieces)


def _texts(texts: Iterable[str]) -> Iterator[Block]:
    """A paragraph of these lines."""
    return (Block("text", piece) for piece in cleaned(cut("\n".join(texts))))


def _outline_level(outline: etree._Element) -> int:
    level = outline.get(f"{_W}val", "9")
    return int(level) + 1 if level.isdecimal() and int(level) < 9 else 0


def _span(cell: etree._Element) -> int:
    said = cell.find(f"{_W}tcPr/{_W}gridSpan")
    value = said.get(f"{_W}val", "1") if said is not None else "1"
    return min(max(int(value), 1), _SPAN) if value.isdecimal() else 1
