"""Plain text: paragraphs, parted by empty lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS, Block
from thinkaloud.knowledge.documents.encoding import text_lines
from thinkaloud.language import normalise, split_sentences


def blocks(path: Path) -> Iterator[Block]:
    """The paragraphs of a text file."""
    return blocks_of(text_lines(path))


def title(path: Path) -> str:
    """Plain text says no title."""
    return ""


def blocks_of(lines: Iterable[str]) -> Iterator[Block]:
    """The paragraphs of lines."""
    return (Block("text", text) for text in paragraphs(lines))


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Lines gathered up to the next empty one; what grows too long for a block is cut after a sentence."""
    gathered: list[str] = []
    size = 0
    for line in lines:
        blank = not line.strip()
        if not blank:
            gathered.append(line)
            size += len(line)
        if blank or size > BLOCK_CHARACTERS:
            *full, rest = cut("".join(gathered)) if not blank else [*cut("".join(gathered)), ""]
            yield from cleaned(full)
            gathered, size = [rest], len(rest)
    yield from cleaned(cut("".join(gathered)))


def cut(text: str) -> list[str]:
    """The text in pieces of at most `BLOCK_CHARACTERS`, whole sentences where there are any; they join to it again."""
    if len(text) <= BLOCK_CHARACTERS:
        return [text]
    pieces = [""]
    for sentence in split_sentences(text):
        for start in range(0, len(sentence), BLOCK_CHARACTERS):
            part = sentence[start : start + BLOCK_CHARACTERS]
            if len(pieces[-1]) + len(part) > BLOCK_CHARACTERS:
                pieces.append("")
            pieces[-1] += part
    return pieces


def cleaned(texts: Iterable[str]) -> Iterator[str]:
    """The texts as they are stored, without those that hold nothing."""
    return (text for text in map(normalise, texts) if text)
