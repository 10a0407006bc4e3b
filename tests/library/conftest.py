from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.builders import NOW, principal
from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.pacing import Pacing
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.library.clerk import Clerk
from thinkaloud.library.desk import Desk
from thinkaloud.library.jobs import MemoryJobs, Removal, removal_message
from thinkaloud.library.library import File, Library
from thinkaloud.library.uploads import MemoryUploads, object_key
from thinkaloud.state.documents import DocumentKey, StoredDocument
from thinkaloud.state.lexicons import MemoryLexicons
from thinkaloud.state.memory_documents import MemoryDocuments

BUCKET = "uploads-of-ours"
MOST_BYTES = 1_000_000
TENANT = "qinghe"


class Letters:
    """An embedder that counts letters; `before` is awaited before each batch, and told its number."""

    def __init__(self) -> None:
        self.name = "letters"
        self.batches = 0
        self.before: Callable[[int], Awaitable[None]] | None = None

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.batches += 1
        if self.before is not None:
            await self.before(self.batches)
        return [[1.0 + text.count(letter) for letter in "aeiou"] for text in texts]


@dataclass
class House:
    """A library with everything behind it in memory, and the function that works for it."""

    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    uploads: MemoryUploads = field(default_factory=MemoryUploads)
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    index: MemoryIndex = field(default_factory=MemoryIndex)
    embedder: Letters = field(default_factory=Letters)
    now: float = NOW
    remaining: float = 900.0

    def __post_init__(self) -> None:
        self.library = Library(self.documents, self.uploads, self.jobs, MOST_BYTES, clock=self.clock)
        self.lexicons = Lexicons(MemoryLexicons())

    def clock(self) -> float:
        return self.now

    def desk(self) -> Desk:
        """A new one, as after a cold start."""
        clerk = Clerk(self.documents, self.uploads, self._ingestor, BUCKET, MOST_BYTES, beat=0.001, clock=self.clock)
        return Desk(clerk, self.jobs)

    def _ingestor(self, tenant: str) -> Ingestor:
        pacing = Pacing(sleep=_at_once)
        return Ingestor(tenant, self.embedder, self.index, self.lexicons, pacing, sleep=_at_once)

    def announce(self, content: bytes, name: str = "returns.md", size: int | None = None) -> DocumentKey:
        """Announce a document and put its file there."""
        document, _ = self.library.add(principal(), name, File(len(content) if size is None else size))
        self.uploads.files[object_key(document.key, document.version)] = content
        return document.key

    def stored(self, key: DocumentKey) -> StoredDocument:
        found = self.documents.get(key)
        assert found is not None
        return found

    async def found(self, key: DocumentKey) -> list[str]:
        """The texts of the document's chunks in the index, in order."""
        ids = await self.index.ids(key.tenant, key.document)
        passages = self.index._namespaces.get(key.tenant, {})
        return [passages[each][0].text for each in sorted(ids, key=lambda each: int(each.split("#")[1]))]

    async def deliver(self, *bodies: str) -> list[str]:
        """Hand a batch to the function; the messages, by number, that it did not do."""
        records = [
            {"messageId": str(number), "receiptHandle": f"receipt-{number}", "body": body}
            for number, body in enumerate(bodies)
        ]
        answer = await self.desk().work(records, lambda: self.remaining)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def arrived(self, key: DocumentKey, version: int = 1, size: int | None = None) -> str:
        """What S3 says of an upload."""
        name = object_key(key, version)
        return arrival(name, len(self.uploads.files.get(name, b"")) if size is None else size)


async def _at_once(seconds: float) -> None:
    """The clock of pauses."""


def arrival(name: str, size: int, bucket: str = BUCKET) -> str:
    told = {"bucket": {"name": bucket}, "object": {"key": name, "size": size}}
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": told}]})


def removal(key: DocumentKey, version: int) -> str:
    return removal_message(Removal(key, version))


def pages(count: int, word: str = "refund") -> bytes:
    """Markdown of so many sections, each a chunk."""
    return "\n\n".join(
        f"# Section {number}\n\n{word} rule {number}. " + "More of it. " * 60 for number in range(count)
    ).encode()


@pytest.fixture
def house() -> House:
    return House()
