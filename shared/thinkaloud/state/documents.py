"""A tenant's documents as they are registered: what is known of each, and who is working on it. Times are Unix seconds.

    waiting -> reading -> ready | failed        `waiting` for its upload
       ^          |
       |          v                             `queued` for another attempt
    announced   queued -> reading
    any of them -> deleting -> gone

A version's work belongs to whoever claimed it last: a claim takes the next fence and holds for as long as it is
renewed, and every write names version and fence. So of two deliveries of a job one works, an older version's job cannot
write over a newer one's, and a deletion ends what is under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Status = Literal["waiting", "queued", "reading", "ready", "failed", "deleting"]
#: What a document's metadata may hold, to filter by.
Value = str | int | float | bool | list[str]

#: In which a version may be claimed.
OPEN: tuple[Status, ...] = ("waiting", "queued", "reading")


@dataclass(frozen=True)
class DocumentKey:
    """Which document. The tenant comes from the authoriser; `document` is `Document.id` of its name."""

    tenant: str
    document: str


@dataclass(frozen=True)
class Announced:
    """A version of a document as its owner announces it; its upload is taken until `upload_until`."""

    name: str
    media: str
    bytes: int
    user: str
    upload_until: float
    metadata: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Why a document could not be read: a code for programs, and a line for a person, in English."""

    code: str
    message: str


@dataclass(frozen=True)
class StoredDocument:
    """A document in the register.

    `chunks` is how many of its newest readable version can be found, `done` how many of this one are stored so far.
    `fence` counts the claims, `attempts` those on this version, and the last one holds until `lease_until`.
    """

    key: DocumentKey
    announced: Announced
    version: int
    status: Status
    created_at: float
    updated_at: float
    chunks: int = 0
    done: int = 0
    failure: Failure | None = None
    fence: int = 0
    attempts: int = 0
    lease_until: float = 0.0


@dataclass(frozen=True)
class Claim:
    """What came of a claim, and the document as it is now.

    `held` by another worker, `over` where the version was read or failed already, `superseded` where there is a newer
    version or the document is being deleted, `unknown` where nobody announced it.
    """

    outcome: Literal["taken", "held", "over", "superseded", "unknown"]
    document: StoredDocument | None = None


class DocumentStore(Protocol):
    """The register. Every method may raise `StorageError`."""

    def announce(self, key: DocumentKey, announced: Announced, now: float, *, known: bool = False) -> StoredDocument:
        """Register a document, or its next version: it waits for its upload, and older versions' work ends.

        Raises:
            UnknownDocument: there is none, and it was to be `known`.
            DocumentBusy: it is being deleted.
        """

    def get(self, key: DocumentKey) -> StoredDocument | None:
        """A document, or None."""

    def page(self, tenant: str, limit: int, after: str = "") -> list[StoredDocument]:
        """Up to `limit` documents of a tenant, by id, behind the id `after`."""

    def remove(self, key: DocumentKey, now: float) -> StoredDocument:
        """Mark a document as being deleted, which ends its versions' work; again only resets the attempts.

        Raises:
            UnknownDocument: there is none.
        """

    def claim(self, key: DocumentKey, version: int, now: float, lease: float, *, removing: bool = False) -> Claim:
        """Take a version to read it, or a document to remove it, for `lease` seconds."""

    def renew(self, claimed: StoredDocument, now: float, lease: float, done: int) -> None:
        """Hold a claim for longer, and say how many chunks are stored.

        Raises:
            LeaseLost: as every method below - the version is not the newest any more, or was claimed by another.
        """

    def finish(self, claimed: StoredDocument, now: float, chunks: int) -> None:
        """The version can be found."""

    def fail(self, claimed: StoredDocument, now: float, failure: Failure) -> None:
        """The version cannot be read."""

    def put_back(self, claimed: StoredDocument, now: float) -> None:
        """Let go of a version, or of a removal, for another attempt."""

    def forget(self, claimed: StoredDocument) -> None:
        """Delete the document from the register."""

    def let_go(self, claimed: StoredDocument) -> None:
        """Whoever lost a claim works no more: the next one need not wait for its end. Never raises `LeaseLost`."""


def refused(found: StoredDocument | None, version: int, *, removing: bool) -> Claim:
    """Why a claim that met this document was not taken."""
    if found is None or found.version < version:
        return Claim("unknown")
    if found.version > version or (found.status == "deleting") != removing:
        return Claim("superseded", found)
    if found.status in ("ready", "failed"):
        return Claim("over", found)
    return Claim("held", found)
