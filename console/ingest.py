"""`thinkaloud ingest`: Markdown and text files into a tenant's knowledge."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from console.markdown import printable
from thinkaloud.errors import DocumentError, KnowledgeError
from thinkaloud.knowledge.documents import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from thinkaloud.knowledge.documents import Document
    from thinkaloud.knowledge.ingest import IngestOutcome

#: Documents under way at once: while one is embedded another is stored.
AT_ONCE = 4


@dataclass(slots=True)
class Report:
    """What became of the files. `failures` are lines for a person; `broken` says why the run ended early, if it did."""

    loaded: int = 0
    unchanged: int = 0
    chunks: int = 0
    failures: list[str] = field(default_factory=list)
    broken: str = ""

    @property
    def complete(self) -> bool:
        """Whether every file is in the index now."""
        return not self.failures and not self.broken

    def __str__(self) -> str:
        parts = [f"{self.loaded} loaded ({self.chunks} chunks)", f"{self.unchanged} unchanged"]
        if self.failures:
            parts.append(f"{len(self.failures)} failed")
        return ", ".join(parts)


class Loader(Protocol):
    """What puts a document into the index: `thinkaloud.knowledge.ingest.Ingestor`."""

    async def ingest(self, document: Document) -> IngestOutcome:
        """Store one document; may raise `KnowledgeError`."""


def files_in(given: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Every file that is meant, with the folder its name in the index is relative to: the one that holds `given`.

    Folders are walked to the end, without hidden files; a path that does not exist is kept, to fail by name.
    """
    found = []
    for path in map(Path.resolve, given):
        inside = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
        found += [(item, path.parent) for item in inside if not _is_hidden(item.relative_to(path))]
    return list(dict.fromkeys(found))


async def load(files: Iterable[tuple[Path, Path]], loader: Loader, progress: Progress) -> Report:
    """Load the files, a few at once. One that cannot be read fails alone; a service that is down ends the run."""
    report = Report()
    files = list(files)
    bar = progress.add_task("Loading", total=len(files))
    places = asyncio.Semaphore(AT_ONCE)
    names: set[str] = set()

    async def one(path: Path, root: Path) -> None:
        async with places:
            try:
                document = _read(path, root, names)
                outcome = await loader.ingest(document)
            except DocumentError as error:
                report.failures.append(str(error))
                progress.console.print(printable(f"failed  {error}"), markup=False, highlight=False, soft_wrap=True)
            else:
                report.unchanged += outcome.unchanged
                report.loaded += not outcome.unchanged
                report.chunks += 0 if outcome.unchanged else outcome.chunks
        progress.advance(bar)

    try:
        async with asyncio.TaskGroup() as tasks:
            for path, root in files:
                tasks.create_task(one(path, root))
    except* KnowledgeError as group:
        report.broken = str(group.exceptions[0])
    return report


def ingest(given: Iterable[Path], tenant: str, console: Console) -> Report:
    """Load what is given into the index of the environment, with a progress bar.

    Raises:
        ConfigurationError: a variable of the environment is missing.
    """
    return asyncio.run(_ingest(files_in(given), tenant, console))


async def _ingest(files: list[tuple[Path, Path]], tenant: str, console: Console) -> Report:
    from thinkaloud.wiring import knowledge

    index = knowledge.index()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            return await load(files, knowledge.ingestor(tenant, index), progress)
    finally:
        await index.aclose()


def _read(path: Path, root: Path, names: set[str]) -> Document:
    try:
        document = read_document(path, root)
    except OSError as error:
        raise DocumentError(f"{path.name} cannot be read: {error.strerror}") from None
    if document.uri in names:
        raise DocumentError(f"{path}: another file of this run is called {document.uri} too; load their folder instead")
    names.add(document.uri)
    return document


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
