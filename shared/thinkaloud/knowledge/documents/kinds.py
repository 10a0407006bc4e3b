"""Which kinds of file there are, and which of them a file is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from thinkaloud.errors import DocumentBroken, DocumentEmpty, DocumentMisnamed, DocumentUnsupported
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.signature import seeming, text_seeming


class Reader(Protocol):
    """What the module of each kind offers. Errors need not name the file: whoever asked adds that."""

    def blocks(self, path: Path) -> Iterator[Block]:
        """What is in the file, in order."""

    def title(self, path: Path) -> str:
        """The title that the file itself states; empty where it states none."""


@dataclass(frozen=True)
class Kind:
    """A kind of file. `module` reads it; `headed` says whether its first heading may serve as its title.

    `is_binary` kinds are known by their first bytes; the others are text.
    """

    media: str
    module: str
    suffixes: tuple[str, ...]
    headed: bool = False
    is_binary: bool = False

    def reader(self) -> Reader:
        """The module, which is imported with its libraries only now."""
        return cast("Reader", import_module(f"{__package__}.{self.module}"))


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = (
    Kind("text/markdown", "markdown", (".md", ".markdown")),
    Kind("text/plain", "plain", (".txt", ".text")),
    Kind("application/pdf", "pdf", (".pdf",), headed=True, is_binary=True),
    Kind(f"{_OFFICE}.wordprocessingml.document", "word", (".docx",), headed=True, is_binary=True),
    Kind(f"{_OFFICE}.presentationml.presentation", "slides", (".pptx",), headed=True, is_binary=True),
    Kind(f"{_OFFICE}.spreadsheetml.sheet", "workbook", (".xlsx",), is_binary=True),
    Kind("text/csv", "delimited", (".csv",)),
    Kind("text/tab-separated-values", "delimited", (".tsv", ".tab")),
    Kind("text/html", "webpage", (".html", ".htm", ".xhtml"), headed=True),
    Kind("application/json", "json_values", (".json",)),
    Kind("application/x-ndjson", "json_lines", (".jsonl", ".ndjson")),
    Kind("message/rfc822", "mail", (".eml",)),
)
#: Suffix -> media type.
MEDIA = {suffix: kind.media for kind in KINDS for suffix in kind.suffixes}
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_BY_MEDIA = {kind.media: kind for kind in KINDS}


def kind_of(suffix: str, media: str | None, path: Path) -> Kind:
    """What the file is called, by its suffix or else by `media`, as long as its content does not contradict.

    Raises:
        DocumentError: nothing here reads it, it has no content, or another content than its name says.
    """
    kind = _BY_SUFFIX.get(suffix.lower()) or _BY_MEDIA.get((media or "").partition(";")[0].strip().lower())
    if kind is None:
        raise DocumentUnsupported(f"files of type {suffix or '(none)'} are not supported; use {', '.join(MEDIA)}")
    if path.stat().st_size == 0:
        raise DocumentEmpty("it is empty")
    found = seeming(path)
    if found is None and kind.is_binary:
        found = text_seeming(path)
        if found is None:
            raise DocumentBroken(f"it is damaged: it does not begin as a {kind.suffixes[0]} file does")
    if found is not None and found.suffix not in kind.suffixes:
        way = f"rename it to {found.suffix}" if found.suffix else f"save it as {kind.suffixes[0]}, or as a PDF"
        raise DocumentMisnamed(f"it is called {suffix or kind.suffixes[0]}, but is {found.name}; {way}")
    return kind
