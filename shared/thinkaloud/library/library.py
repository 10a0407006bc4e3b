"""A tenant's documents, as those who own them deal with them: announce, look at, replace, remove."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from thinkaloud.errors import DocumentTooLarge, InvalidRequest, UnknownDocument
from thinkaloud.identity.principal import Principal
from thinkaloud.library.jobs import Jobs, Removal
from thinkaloud.library.rules import checked_media, checked_metadata, checked_name
from thinkaloud.library.uploads import UPLOAD_SECONDS, Address, Uploads
from thinkaloud.state.documents import Announced, DocumentKey, DocumentStore, Failure, StoredDocument

#: Seconds that an upload which began in time may take.
_GRACE = 300.0


@dataclass(frozen=True)
class File:
    """What is said of a file before it comes. Without `media` its name tells; without `metadata` there is none."""

    bytes: int
    media: str | None = None
    metadata: Mapping[str, object] | None = None


class Library:
    """Every method may raise `StorageError`; none sees another tenant's documents.

    Args:
        most_bytes: of a document.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        documents: DocumentStore,
        uploads: Uploads,
        jobs: Jobs,
        most_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._documents = documents
        self._uploads = uploads
        self._jobs = jobs
        self._most_bytes = most_bytes
        self._clock = clock

    def add(self, owner: Principal, name: str, file: File) -> tuple[StoredDocument, Address]:
        """Announce a document, or the next version of the one that has this name; where its file goes.

        Raises:
            InvalidRequest, DocumentTooLarge, DocumentUnsupported: what was said of it cannot be.
            DocumentBusy: it is being deleted.
        """
        name = checked_name(name)
        key = DocumentKey(owner.tenant, document_id(name))
        return self._announce(key, name, owner, file, checked_metadata(file.metadata or {}), known=False)

    def replace(self, owner: Principal, document: str, file: File) -> tuple[StoredDocument, Address]:
        """Announce the next version of a document; where no metadata is given, it keeps what it has.

        Raises:
            UnknownDocument: there is none.
            As `add`.
        """
        found = self._found(owner.tenant, document)
        metadata = found.announced.metadata if file.metadata is None else checked_metadata(file.metadata)
        return self._announce(found.key, found.announced.name, owner, file, metadata, known=True)

    def show(self, tenant: str, document: str) -> StoredDocument:
        """A document as it is now.

        Raises:
            UnknownDocument: there is none.
        """
        return self._seen(self._found(tenant, document))

    def page(self, tenant: str, limit: int, after: str = "") -> list[StoredDocument]:
        """Up to `limit` documents, by id, behind the id `after`."""
        return [self._seen(document) for document in self._documents.page(tenant, limit, after)]

    def remove(self, tenant: str, document: str) -> StoredDocument:
        """Begin to remove a document; it is gone once every chunk of it is.

        Raises:
            UnknownDocument: there is none.
            DispatchFailed: the job could not be queued; the same call may be made again.
        """
        found = self._documents.remove(DocumentKey(tenant, document), self._clock())
        self._jobs.send(Removal(found.key, found.version))
        return found

    def _announce(
        self, key: DocumentKey, name: str, owner: Principal, file: File, metadata: Mapping[str, object], *, known: bool
    ) -> tuple[StoredDocument, Address]:
        if file.bytes < 1:
            raise InvalidRequest("bytes must be 1 or more")
        if file.bytes > self._most_bytes:
            raise DocumentTooLarge(f"{name}: it has {file.bytes:,} bytes; the limit is {self._most_bytes:,}")
        now = self._clock()
        announced = Announced(
            name=name,
            media=checked_media(file.media, name),
            bytes=file.bytes,
            user=owner.user,
            upload_until=now + UPLOAD_SECONDS,
            metadata=checked_metadata(metadata),
        )
        document = self._documents.announce(key, announced, now, known=known)
        return document, self._uploads.address(document)

    def _found(self, tenant: str, document: str) -> StoredDocument:
        found = self._documents.get(DocumentKey(tenant, document))
        if found is None:
            raise UnknownDocument(document)
        return found

    def _seen(self, document: StoredDocument) -> StoredDocument:
        """A document whose upload never came waits for nothing any more; nobody had to write that down."""
        if document.status != "waiting" or self._clock() <= document.announced.upload_until + _GRACE:
            return document
        failure = Failure("expired", f"{document.announced.name}: its upload did not come in time; upload it again")
        return replace(document, status="failed", failure=failure)


def document_id(name: str) -> str:
    """The id of the document with this name: `Document.id` of a document whose uri it is."""
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
