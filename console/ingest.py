"""`thinkaloud ingest`: files into a tenant's documents, over the HTTP API.

A document keeps the hash of the file it was made from. The same run again compares, skips what is there, follows what
is still being read, and sends what never arrived.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

from console.document_words import DocumentWords
from console.files import Found
from thinkaloud.client.documents import Documents, Failure, Progress, StoredDocument
from thinkaloud.client.errors import ClientError, NoReply, RequestRefused

State = Literal["ready", "unchanged", "deleted", "absent", "failed"]
#: What a file is going through: comparing, being sent, waiting, being read, being deleted.
Stage = Literal["hashing", "uploading", "queued", "reading", "deleting"]

#: The key in a document's metadata that holds the SHA-256 of its file.
HASH = "sha256"
#: Refusals that every other file would meet as well: nobody, or not this one.
FATAL_CODES = frozenset({"unauthorized", "forbidden"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, or of one document that was to be deleted. `seconds` is the time it took."""

    name: str
    state: State
    document: str | None = None
    chunks: int = 0
    seconds: float = 0.0
    code: str = ""
    message: str = ""


@dataclass(slots=True)
class Report:
    """What became of everything; `broken` is what ended the run early, if something did."""

    outcomes: list[Outcome] = field(default_factory=list)
    broken: ClientError | None = None
    interrupted: bool = False

    def count(self, state: State) -> int:
        """How many ended so."""
        return sum(outcome.state == state for outcome in self.outcomes)

    @property
    def chunks(self) -> int:
        """Passages that were loaded."""
        return sum(outcome.chunks for outcome in self.outcomes if outcome.state == "ready")

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is so now."""
        return self.broken is None and not self.interrupted and not self.count("failed")


class Screen(Protocol):
    """Where a run is shown."""

    def begin(self, name: str) -> None:
        """A file's turn has come."""

    def stage(self, name: str, stage: Stage, done: int = 0, total: int | None = None) -> None:
        """How far it is; `total` is None where nobody knows."""

    def end(self, outcome: Outcome) -> None:
        """It is over."""


class Run:
    """One run, `at_once` files at a time. What happens is told to `screen`, and collected in `report`."""

    def __init__(
        self, documents: Documents, screen: Screen, words: DocumentWords, report: Report, *, at_once: int
    ) -> None:
        self.report = report
        self._documents = documents
        self._screen = screen
        self._words = words
        self._places = asyncio.Semaphore(at_once)

    async def load(self, files: Iterable[Found]) -> None:
        """Load the files. One that fails does so alone; a service that is down, or no right to it, ends the run."""
        first: dict[str, Found] = {}
        for file in files:
            if first.setdefault(file.name, file) is not file:
                self._end(Outcome(file.name, "failed", code="twice", message=self._words.twice.format(file.name)))
        await self._each(first, lambda name: self._load(first[name]))

    async def delete(self, names: Sequence[str]) -> None:
        """Delete the documents of these names, and those in folders of these names."""
        found: dict[str, StoredDocument] = {}
        missing = set(names)
        try:
            async for document in self._documents.all():
                meant = {name for name in names if document.name == name or document.name.startswith(f"{name}/")}
                missing -= meant
                if meant:
                    found[document.name] = document
        except ClientError as error:
            self.report.broken = error
            return
        for name in sorted(missing):
            self._end(Outcome(name, "absent"))
        await self._each(found, lambda name: self._delete(found[name]))

    async def _each(self, names: Iterable[str], work: Callable[[str], Awaitable[Outcome]]) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for name in names:
                    tasks.create_task(self._one(name, work))
        except* ClientError as group:
            self.report.broken = next(error for error in group.exceptions if isinstance(error, ClientError))

    async def _one(self, name: str, work: Callable[[str], Awaitable[Outcome]]) -> None:
        """Do it when its turn has come; what is wrong with this one alone is its outcome."""
        async with self._places:
            self._screen.begin(name)
            began = time.monotonic()
            try:
                outcome = await work(name)
            except RequestRefused as error:
                if error.code in FATAL_CODES:
                    raise
                outcome = Outcome(name, "failed", code=error.code, message=error.message)
            except NoReply as error:
                outcome = Outcome(name, "failed", code="no_reply", message=str(error))
            except UnicodeEncodeError:
                outcome = Outcome(name, "failed", code="unreadable", message=self._words.misspelt)
            except OSError as error:
                said = self._words.unreadable.format(error.strerror or error)
                outcome = Outcome(name, "failed", code="unreadable", message=said)
        self._end(replace(outcome, seconds=round(time.monotonic() - began, 3)))

    async def _load(self, file: Found) -> Outcome:
        self._screen.stage(file.name, "hashing")
        digest, size = await asyncio.to_thread(_measure, file.path)
        if not size:
            return Outcome(file.name, "failed", code="empty")
        known = await self._documents.find(file.name)
        if known is not None and known.metadata.get(HASH) == digest:
            if known.status == "ready":
                return Outcome(file.name, "unchanged", known.id, known.chunks)
            if known.status in ("queued", "reading"):  # a run before this one got so far
                return await self._follow(known)
        announced = await self._documents.announce(file.name, size, {HASH: digest})
        self._screen.stage(file.name, "uploading", 0, size)
        await self._documents.send(
            file.path, announced, lambda gone: self._screen.stage(file.name, "uploading", gone, size)
        )
        self._screen.stage(file.name, "queued")
        return await self._follow(announced.document)

    async def _follow(self, document: StoredDocument) -> Outcome:
        last: StoredDocument | None = None
        async for last in self._documents.follow(document):
            if last.status == "reading":
                progress = last.progress or Progress(done=0)
                self._screen.stage(document.name, "reading", progress.done, progress.total)
        if last is not None and last.status == "ready":
            return Outcome(document.name, "ready", last.id, last.chunks)
        failure = (last and last.error) or Failure(code="gone")
        return Outcome(document.name, "failed", document.id, code=failure.code, message=failure.message)

    async def _delete(self, document: StoredDocument) -> Outcome:
        self._screen.stage(document.name, "deleting")
        async for left in self._documents.follow(await self._documents.delete(document)):
            if left.status == "failed":
                failure = left.error or Failure(code="internal")
                return Outcome(document.name, "failed", document.id, code=failure.code, message=failure.message)
        return Outcome(document.name, "deleted", document.id)

    def _end(self, outcome: Outcome) -> None:
        self.report.outcomes.append(outcome)
        self._screen.end(outcome)


def _measure(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file, in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
