"""The documents that questions are asked of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluation.errors import DatasetError
from evaluation.rows import Paragraph, Position
from thinkaloud.errors import DocumentError
from thinkaloud.knowledge.documents import Document, read_document, text_document
from thinkaloud.language import normalise


class Corpus:
    """Documents by uri. A paragraph of a set is a document of its own; the same text twice is one document.

    A place is a document's uri: a passage of it is a hit, wherever the chunker cut.
    """

    def __init__(self) -> None:
        self._texts: dict[str, tuple[str, Paragraph]] = {}
        self._names: dict[str, set[str]] = {}
        self._positions: dict[Position, str] = {}
        self._files: dict[str, tuple[Path, Path]] = {}

    def __len__(self) -> int:
        return len(self._texts) + len(self._files)

    @classmethod
    def of_paragraphs(cls, paragraphs: Iterable[Paragraph]) -> Corpus:
        """A corpus of a set's own paragraphs."""
        corpus = cls()
        for paragraph in paragraphs:
            corpus._add(paragraph)
        return corpus

    @classmethod
    def of_files(cls, paths: Iterable[Path], root: Path) -> Corpus:
        """A corpus of files; their paths relative to `root` are their uris."""
        corpus = cls()
        for path in paths:
            uri = path.relative_to(root).as_posix()
            corpus._files[uri] = (path, root)
            corpus._names.setdefault(uri, set()).add(uri)
        return corpus

    def with_text(self, text: str) -> str | None:
        """The uri of the paragraph with this text; None where there is none."""
        found = self._texts.get(normalise(text))
        return found[0] if found else None

    def named(self, name: str) -> set[str]:
        """The uris of what questions call `name`: its uri, the end of its path, or the id its file gives it."""
        if found := self._names.get(name):
            return found
        return {uri for uri in self._files if uri.endswith(f"/{name}") or name.endswith(f"/{uri}")}

    def at(self, position: Position) -> str | None:
        """The uri of the paragraph that stands there in its file."""
        return self._positions.get(position)

    def documents(self) -> Iterator[Document]:
        """Every document, read when its turn comes.

        Raises:
            DatasetError: a file cannot be read.
        """
        for uri, paragraph in self._texts.values():
            yield text_document(paragraph.text, uri, paragraph.title)
        for path, root in self._files.values():
            try:
                yield read_document(path, root)
            except (DocumentError, OSError) as error:
                raise DatasetError(f"{path}: {error}") from None

    def _add(self, paragraph: Paragraph) -> None:
        uri, _ = self._texts.setdefault(normalise(paragraph.text), (self._uri(paragraph), paragraph))
        if paragraph.name:
            self._names.setdefault(paragraph.name, set()).add(uri)
        if paragraph.position is not None:
            self._positions[paragraph.position] = uri

    def _uri(self, paragraph: Paragraph) -> str:
        return f"{paragraph.title or 'paragraphs'}/{len(self._texts) + 1}"
