"""Documents -> chunks: along headings first, then paragraphs, then sentences, within a token budget.

Chunks are made as blocks come, and no more of a document is held than the chunk at hand.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from thinkaloud.knowledge.documents import GAP, Block, Document
from thinkaloud.language import estimate_tokens, split_sentences

#: Estimated tokens. Small enough that a passage is about one thing, large enough to answer from.
CHUNK_TOKENS = 300
#: Of the budget, how much of a chunk's end the next one of its section may begin with, in whole sentences.
OVERLAP = 0.15
#: Lines of a Markdown table that say what its columns are.
_HEADER_LINES = 2
_GAP_TOKENS = estimate_tokens(GAP)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True)
class Chunk:
    """A passage of a document. `section` is the path of headings above it, without the title.

    `text` is `document.text()[start:end]`; but the rows of a table that is cut have its header before them. `page` is
    the one on which it starts, where there are pages.
    """

    position: int
    section: str
    text: str
    page: int | None
    start: int
    end: int


def chunks(document: Document, budget: int = CHUNK_TOKENS, overlap: float = OVERLAP) -> Iterator[Chunk]:
    """The chunks of a document, in order, none over the budget. Together they hold all of its text but the headings.

    Raises:
        DocumentError: the document cannot be read on.
    """
    packer = _Packer(budget, int(budget * overlap))
    path: list[tuple[int, str]] = []
    position = offset = 0
    for block in chain(document.blocks(), [_END]):
        section = " › ".join(heading for _, heading in path if heading != document.title)
        for passage in packer.flush() if block.kind == "heading" else packer.add(block, offset):
            yield Chunk(position, section, passage.text, passage.page, passage.start, passage.end)
            position += 1
        if block.kind == "heading":
            path = [*(step for step in path if step[0] < block.level), (block.level, block.text)]
        offset += len(block.text) + len(GAP)


def chunk(document: Document, budget: int = CHUNK_TOKENS, overlap: float = OVERLAP) -> list[Chunk]:
    """All chunks at once."""
    return list(chunks(document, budget, overlap))


#: Closes the last section.
_END = Block("heading", "")


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut any more: a paragraph, a sentence, a line of code. `parted` where a gap is before it.

    `text` keeps the white space behind a sentence, so that units join to the document's text again.
    """

    text: str
    start: int
    page: int | None
    tokens: int
    parted: bool
    prose: bool


@dataclass(frozen=True, slots=True)
class _Passage:
    text: str
    page: int | None
    start: int
    end: int


class _Packer:
    """Gathers the units of a section up to the budget."""

    def __init__(self, budget: int, overlap: int) -> None:
        self._budget = budget
        self._overlap = overlap
        self._units: list[_Unit] = []
        self._size = 0

    def add(self, block: Block, offset: int) -> Iterator[_Passage]:
        """What is full, now that a block comes, which begins at `offset` of the text."""
        if block.kind == "table" and _is_large(block.text, self._budget):
            yield from self.flush()
            yield from _rows(block, offset, self._budget)
            return
        for unit in _units(block, offset, self._budget):
            yield from self.put(unit)

    def put(self, unit: _Unit) -> Iterator[_Passage]:
        """What is full, now that a unit comes that finds no room in it."""
        if self._units and self._size + _cost(unit) > self._budget:
            tail = self._tail(self._budget - _cost(unit)) if unit.prose else []
            yield from self.flush()
            for repeated in tail:
                self._append(repeated)
        self._append(unit)

    def flush(self) -> Iterator[_Passage]:
        """What is left."""
        if self._units:
            text = "".join(GAP * (unit.parted and place > 0) + unit.text for place, unit in enumerate(self._units))
            yield from _stripped(text, self._units[0].start, self._units[0].page)
        self._units, self._size = [], 0

    def _append(self, unit: _Unit) -> None:
        self._size += _cost(unit) if self._units else unit.tokens
        self._units.append(unit)

    def _tail(self, room: int) -> list[_Unit]:
        """The last sentences of what is gathered, for the next chunk to begin with."""
        left = min(self._overlap, room)
        tail: deque[_Unit] = deque()
        for unit in reversed(self._units):
            for sentence in reversed(_sentences(unit)):
                left -= _cost(sentence)
                if left < 0 or not sentence.prose:
                    return list(tail)
                tail.appendleft(sentence)
        return []  # all of it: then it is small, and the next chunk is about something else


def _cost(unit: _Unit) -> int:
    return unit.tokens + _GAP_TOKENS * unit.parted


def _is_large(text: str, budget: int) -> bool:
    """Whether a table is to be cut by rows. Of a long one nobody need count the tokens."""
    return len(text) > 10 * budget or estimate_tokens(text) > budget


def _units(block: Block, offset: int, budget: int) -> Iterator[_Unit]:
    """The block, where it fits; else its sentences or lines."""
    whole = _Unit(block.text, offset, block.page, estimate_tokens(block.text), parted=True, prose=block.kind == "text")
    if whole.tokens <= budget:
        yield whole
    else:
        yield from _fitting(_sentences(whole) if whole.prose else _cut(whole, _LINE.findall(block.text)), budget)


def _fitting(units: Iterable[_Unit], budget: int) -> Iterator[_Unit]:
    """The units; of one that is too long, its words."""
    for unit in units:
        if unit.tokens <= budget:
            yield unit
        else:
            yield from _cut(unit, _words(unit.text, budget))


def _sentences(unit: _Unit) -> list[_Unit]:
    return _cut(unit, split_sentences(unit.text))


def _cut(unit: _Unit, texts: Iterable[str]) -> list[_Unit]:
    """The unit as several, whose texts join to its own."""
    cut, start = [], unit.start
    for text in texts:
        first = unit.parted and start == unit.start
        cut.append(_Unit(text, start, unit.page, estimate_tokens(text), parted=first, prose=unit.prose))
        start += len(text)
    return cut


def _words(text: str, budget: int) -> Iterator[str]:
    """Runs of words within the budget; a word over it is cut by characters, as no better place is known.

    What a word costs is not estimated but bounded, since there may be millions: no character is more than one token.
    """
    run, size = "", 0
    for word in _WORD.findall(text):
        for start in range(0, len(word), budget):
            part = word[start : start + budget]
            bare = part.strip()
            tokens = (len(bare) + 4) // 5 if bare.isascii() and bare.isalpha() else len(bare)
            tokens += part.count("\n")
            if run and size + tokens > budget:
                yield run
                run, size = "", 0
            run, size = run + part, size + tokens
    yield run


def _rows(block: Block, offset: int, budget: int) -> Iterator[_Passage]:
    """A table by its rows, with the header before each part, unless that would take half of the budget."""
    lines = _LINE.findall(block.text)
    header = "".join(lines[:_HEADER_LINES])
    if estimate_tokens(header) > budget // 2:
        header = ""
    else:
        offset += len(header)
        lines = lines[_HEADER_LINES:]
    rows = _Unit("".join(lines), offset, block.page, 0, parted=True, prose=False)
    room = budget - estimate_tokens(header)
    packer = _Packer(room, 0)
    parts = (part for unit in _fitting(_cut(rows, lines), room) for part in packer.put(unit))
    for place, part in enumerate(chain(parts, packer.flush())):
        start = part.start - len(header) * (place == 0)
        yield _Passage(header + part.text, block.page, start, part.end)


def _stripped(text: str, start: int, page: int | None) -> Iterator[_Passage]:
    """The text without outer white space, unless it holds nothing else."""
    start += len(text) - len(text.lstrip())
    if stripped := text.strip():
        yield _Passage(stripped, page, start, start + len(stripped))
