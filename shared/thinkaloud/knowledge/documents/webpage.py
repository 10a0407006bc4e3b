"""HTML: the text a reader sees, without scripts, styles and what only leads elsewhere.

The page is never rendered and never becomes a tree: a parser calls out tags and text, so that neither the depth nor
the length of a page matters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS, Block
from thinkaloud.knowledge.documents.encoding import decoded
from thinkaloud.knowledge.documents.html_flow import Flow
from thinkaloud.knowledge.documents.html_table import HtmlTable
from thinkaloud.knowledge.documents.plain import cleaned, cut


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


#: Never text, or text that leads elsewhere.
_SKIPPED = _words(
    "script style noscript template svg canvas iframe object audio video nav footer button select textarea"
)
_SKIPPED_ROLES = frozenset(("navigation", "search", "contentinfo", "menu", "dialog"))
_HIDDEN = ("display:none", "visibility:hidden")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
#: A paragraph ends where one of these begins or ends.
_BLOCKS = _words(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure form header hr html",
    "legend li main ol p pre section summary table tr td th ul h1 h2 h3 h4 h5 h6",
)
#: Characters given to the parser at a time.
_PIECE = 1 << 16


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of a page."""
    return blocks_of(decoded(path.read_bytes()))


def title(path: Path) -> str:
    """What stands in the page's `<title>`."""
    page = _Page()
    for _ in _fed(page, decoded(path.read_bytes())):
        if page.title:
            break
    return page.title


def blocks_of(html: str) -> Iterator[Block]:
    """The blocks of HTML."""
    page = _Page()
    for _ in _fed(page, html):
        while page.ready:
            yield page.ready.popleft()


def _fed(page: _Page, html: str) -> Iterator[None]:
    """Feeds the page piece by piece, and stops after each."""
    if not html.strip():
        return
    parser = etree.HTMLParser(target=page, huge_tree=True)
    for start in range(0, len(html), _PIECE):
        parser.feed(html[start : start + _PIECE])
        yield
    parser.close()
    yield


class _Page:
    """What the parser calls: gathers text, and puts the blocks that are complete into `ready`."""

    def __init__(self) -> None:
        self.ready: deque[Block] = deque()
        self.title = ""
        self._flow = Flow()
        #: Tags open inside of something that is skipped, itself included.
        self._skipped = 0
        self._code = 0
        self._heading = 0
        #: The lists that are open, each with the number of its next item; None where they are not numbered.
        self._lists: list[int | None] = []
        self._tables: list[HtmlTable] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        if self._skipped or tag in _SKIPPED or _is_hidden(attributes):
            self._skipped += 1
            return
        if tag == "br":
            self._flow.line()
        elif tag == "img":
            self._flow.add(attributes.get("alt", ""))
        elif tag in _BLOCKS:
            self._break()
            self._open(tag, attributes)

    def end(self, tag: str) -> None:
        """A tag closes; where the page forgets to, the parser sees to it."""
        if self._skipped:
            self._skipped -= 1
        elif tag == "title":
            self.title = self.title or self._flow.take()
        elif tag in ("td", "th") and self._in_cell:
            self.ready.extend(self._tables[-1].close(self._flow.take()))
        elif tag in _BLOCKS:
            self._close(tag)

    def data(self, text: str) -> None:
        """Text stands here."""
        if not self._skipped:
            self._flow.add(text, exactly=self._code > 0)

    def close(self) -> None:
        """The page ends."""
        self._end_paragraph()
        while self._tables:
            self.ready.extend(self._tables.pop().end())

    def _open(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _HEADINGS:
            self._unfold()
            self._heading = _HEADINGS[tag]
        elif tag == "table":
            self._unfold()
            self._tables.append(HtmlTable(is_layout=attributes.get("role") in ("presentation", "none")))
        elif tag in ("tr", "td", "th") and self._tables:
            self.ready.extend(self._tables[-1].open(tag, attributes))
        elif tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._item()
        elif tag == "pre":
            self._code += 1

    def _close(self, tag: str) -> None:
        if tag == "table" and self._tables:
            self._break()
            self.ready.extend(self._tables.pop().end())
            return
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._break()
        if tag == "pre":
            self._code = max(0, self._code - 1)

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._flow.item(max(1, len(self._lists)), "-" if number is None else f"{number}.")

    @property
    def _in_cell(self) -> bool:
        return bool(self._tables) and self._tables[-1].in_cell

    def _break(self) -> None:
        """A paragraph ends here; within a cell or a list, a line."""
        if self._in_cell or (self._lists and self._flow.size < BLOCK_CHARACTERS):
            self._flow.line()
        else:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        text = self._flow.take(exactly=self._code > 0)
        if self._heading:
            self.ready.extend(Block("heading", " ".join(piece.split()), self._heading) for piece in cleaned([text]))
        else:
            self.ready.extend(Block("code" if self._code else "text", piece) for piece in cleaned(cut(text)))
        self._heading = 0

    def _unfold(self) -> None:
        """A table with headings or tables in it lays out a page: what it has gathered becomes paragraphs."""
        if self._in_cell:
            self.ready.extend(self._tables[-1].unfold())
            self._end_paragraph()


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    style = attributes.get("style", "").replace(" ", "").lower()
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in _SKIPPED_ROLES
        or any(hidden in style for hidden in _HIDDEN)
    )
