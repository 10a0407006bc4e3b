"""What every kind of file becomes: a document, that is a name, a title and a run of blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from thinkaloud.language import Language

#: What stands between two blocks in a document's text.
GAP = "\n\n"
#: Characters of one block. Longer paragraphs and tables come as several, so that no reader holds more than one.
BLOCK_CHARACTERS = 8_000
#: Characters of a heading or a title; what is longer is a paragraph, whatever its font.
HEADING_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a table or a piece of code.

    A table's text is a Markdown table; a large one comes as several blocks, each with the header row. `level` is that
    of a heading, 1 being the highest: a spreadsheet's sheets are headings of level 1. `page` counts from 1: the page
    of a PDF, the number of a slide.
    """

    kind: Literal["heading", "text", "table", "code"]
    text: str
    level: int = 0
    page: int | None = None


@dataclass(frozen=True)
class Document:
    """A text to be found again. `uri` is its stable name: the same one again replaces the document.

    `language` is that of its beginning. `source` reads the file from its start each time it is called.
    """

    uri: str
    title: str
    media: str
    language: Language
    source: Callable[[], Iterator[Block]] = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """32 hexadecimal digits of `uri`: Pinecone lists ids by an ASCII prefix, and a file name may be Chinese."""
        return hashlib.blake2b(self.uri.encode(), digest_size=16).hexdigest()

    def blocks(self) -> Iterator[Block]:
        """What is in it, in order, read as it is asked for. No block is empty.

        Raises:
            DocumentError: what comes next cannot be read; the document is then none, whatever came before.
        """
        return self.source()

    def text(self) -> str:
        """All blocks' texts, parted by `GAP`: what the offsets of chunks count in. Not for a document of any size."""
        return GAP.join(block.text for block in self.blocks())
