"""The files that a command's arguments mean, and what each is called as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from thinkaloud.client.documents import document_name

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and its name as a document: its path below the folder that was named, that folder's own name first."""

    path: Path
    name: str


def files_in(given: Iterable[str]) -> list[Found]:
    """Every file that is meant, each once.

    Folders are walked to the end, without hidden files; so are patterns that no shell has expanded (`**/*.pdf`), whose
    files are called by their path below the last folder without a wildcard. A path that does not exist is kept, to fail
    by name.
    """
    found: dict[Path, Found] = {}
    for text in given:
        for path, root in _meant(text):
            found.setdefault(path, Found(path, document_name(path.relative_to(root).as_posix())))
    return list(found.values())


def document_names(given: Iterable[str]) -> list[str]:
    """What the arguments are called as documents, or as the folders of documents, whether or not they still exist."""
    return [document_name(Path(text).resolve().name) for text in given]


def _meant(text: str) -> Iterator[tuple[Path, Path]]:
    """Each file, with the folder its name is relative to."""
    path = Path(text)
    if not path.exists() and _WILD & set(text):
        root, pattern = _divided(path)
        matched = [(item, root, item.relative_to(root)) for item in sorted(root.glob(pattern))]
    else:
        path = path.resolve()
        if not path.is_dir():
            yield path, path.parent
            return
        matched = [(item, path.parent, item.relative_to(path)) for item in sorted(path.rglob("*"))]
    for item, root, below in matched:
        if item.is_file() and not any(part.startswith(".") for part in below.parts):
            yield item, root


def _divided(path: Path) -> tuple[Path, str]:
    """The folders before the first part with a wildcard, and the pattern from there on."""
    at = next(index for index, part in enumerate(path.parts) if _WILD & set(part))
    return Path(*path.parts[:at]).resolve(), str(Path(*path.parts[at:]))
