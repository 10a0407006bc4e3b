"""A file -> a document: what kind it is, whether it may be read, its title, and its blocks as they are asked for."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from thinkaloud.errors import DocumentBroken, DocumentEmpty, DocumentError, DocumentTooLarge, DocumentUnsupported
from thinkaloud.knowledge.documents import markdown, plain
from thinkaloud.knowledge.documents.block import HEADING_CHARACTERS, Block, Document
from thinkaloud.knowledge.documents.kinds import Kind, kind_of
from thinkaloud.language import language_of, normalise

#: Bytes of a file: what an upload may have (MAX_UPLOAD_BYTES).
MAX_BYTES = 100 * 1024 * 1024
#: Characters of text by which the language is told.
_SAMPLE = 4_000
#: Characters of a file's name in a message.
_NAME = 80


def open_document(path: Path, uri: str, media: str | None = None) -> Document:
    """The document that a file holds. `uri` is its name, by whose suffix, or else by `media`, its kind is known.

    Its beginning is read, so that what cannot be read at all fails here; `blocks()` reads it again, to the end.

    Raises:
        DocumentError: one of its kinds, with a line for a person.
        OSError: there is no such file, or it may not be read.
    """
    named = PurePosixPath(uri)
    size = path.stat().st_size
    with _told(named.name):
        if size > MAX_BYTES:
            raise DocumentTooLarge(f"it has {size:,} bytes; the limit is {MAX_BYTES:,}")
        kind = kind_of(named.suffix, media, path)
        heading, sample = _beginning(kind.reader().blocks(path))
        title = normalise(kind.reader().title(path)) or (heading if kind.headed else "") or normalise(named.stem)
    blocks = partial(_blocks, kind, path, named.name)
    return Document(uri, _on_one_line(title) or kind.media, kind.media, language_of(sample), blocks)


def read_document(path: Path, root: Path) -> Document:
    """Open a file below `root`; its path relative to `root` is its uri.

    Raises:
        DocumentError: as of `open_document`.
    """
    return open_document(path, _uri(path, root))


def text_document(text: str, uri: str, title: str = "", media: str = "text/plain") -> Document:
    """A document of text that is in no file: Markdown where `media` says so, else paragraphs."""
    blocks = markdown.parsed if media == "text/markdown" else plain.blocks_of
    return Document(uri, title, media, language_of(text), lambda: blocks(io.StringIO(normalise(text))))


def _blocks(kind: Kind, path: Path, name: str) -> Iterator[Block]:
    with _told(name):
        yield from _bounded(kind.reader().blocks(path))


def _bounded(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, but for a heading that is too long to be one: it becomes what it is, a paragraph."""
    for block in blocks:
        if block.kind == "heading" and len(block.text) > HEADING_CHARACTERS:
            yield Block("text", block.text, page=block.page)
        else:
            yield block


def _beginning(blocks: Iterable[Block]) -> tuple[str, str]:
    """The first heading, and enough text to know the language by; blocks are read no further than that takes.

    Raises:
        DocumentEmpty: there is no text but headings, to the end.
    """
    heading, sample = "", ""
    for block in _bounded(blocks):
        if block.kind == "heading":
            heading = heading or block.text
        else:
            sample += block.text
        if len(sample) >= _SAMPLE:
            break
    if not sample:
        raise DocumentEmpty(f"it has no text below its heading {heading!r}" if heading else "it is empty")
    return heading, sample


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Whatever a reader stumbles over becomes one of our errors, which begins with the file's name.

    A parser may raise anything at all on a damaged file; none of it may end a function, and none says much to a person.
    """
    called = shown(name)
    try:
        yield
    except DocumentError as error:
        raise type(error)(f"{called}: {error}") from error
    except MemoryError:
        raise DocumentTooLarge(f"{called}: reading it takes more memory than there is; split it") from None
    except RecursionError:
        raise DocumentBroken(f"{called}: it is nested too deep to be read") from None
    except (OSError, ImportError):  # the machine's fault, and not the document's
        raise
    except Exception as error:
        raise DocumentBroken(f"{called}: it is damaged; open it where it was made and save it again") from error


def shown(name: str) -> str:
    """A file's name, for a message or a log: on one line, without marks that a terminal or a reader would act on."""
    plain_name = _on_one_line(name)
    return plain_name if len(plain_name) <= _NAME else f"{plain_name[: _NAME - 20]}…{plain_name[-19:]}"


def _on_one_line(text: str) -> str:
    """Without control and direction marks, on one line, and no longer than a heading."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:HEADING_CHARACTERS]


def _uri(path: Path, root: Path) -> str:
    """The path below `root`, spelt the same on every system: macOS may hand out é as two characters."""
    uri = unicodedata.normalize("NFC", path.relative_to(root).as_posix())
    try:
        uri.encode()
    except UnicodeEncodeError:
        raise DocumentUnsupported(f"the name {path.name!a} is not UTF-8; rename the file") from None
    return uri
