"""`DocumentStore` in a dict."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from thinkaloud.errors import DocumentBusy, LeaseLost, UnknownDocument
from thinkaloud.state.documents import OPEN, Announced, Claim, DocumentKey, Failure, StoredDocument, refused


class MemoryDocuments:
    """One call at a time, as DynamoDB's conditional writes are."""

    def __init__(self) -> None:
        self._documents: dict[DocumentKey, StoredDocument] = {}
        self._lock = threading.RLock()

    def announce(self, key: DocumentKey, announced: Announced, now: float, *, known: bool = False) -> StoredDocument:
        with self._lock:
            found = self._documents.get(key)
            if found is None and known:
                raise UnknownDocument(key.document)
            if found is not None and found.status == "deleting":
                raise DocumentBusy(found.announced.name)
            if found is None:
                document = StoredDocument(key, announced, 1, "waiting", now, now)
            else:
                document = replace(
                    found,
                    announced=announced,
                    version=found.version + 1,
                    status="waiting",
                    updated_at=now,
                    done=0,
                    failure=None,
                    attempts=0,
                )
            self._documents[key] = document
            return document

    def get(self, key: DocumentKey) -> StoredDocument | None:
        return self._documents.get(key)

    def page(self, tenant: str, limit: int, after: str = "") -> list[StoredDocument]:
        with self._lock:
            keys = sorted(key.document for key in self._documents if key.tenant == tenant and key.document > after)
            return [self._documents[DocumentKey(tenant, key)] for key in keys[:limit]]

    def remove(self, key: DocumentKey, now: float) -> StoredDocument:
        with self._lock:
            found = self._documents.get(key)
            if found is None:
                raise UnknownDocument(key.document)
            newer = 0 if found.status == "deleting" else 1
            self._documents[key] = replace(
                found, version=found.version + newer, status="deleting", updated_at=now, failure=None, attempts=0
            )
            return self._documents[key]

    def claim(self, key: DocumentKey, version: int, now: float, lease: float, *, removing: bool = False) -> Claim:
        with self._lock:
            found = self._documents.get(key)
            wanted = ("deleting",) if removing else OPEN
            if (
                found is None
                or found.version != version
                or found.status not in wanted
                or (found.fence and found.lease_until >= now)
            ):
                return refused(found, version, removing=removing)
            self._documents[key] = replace(
                found,
                status="deleting" if removing else "reading",
                updated_at=now,
                fence=found.fence + 1,
                attempts=found.attempts + 1,
                lease_until=now + lease,
                done=0,
            )
            return Claim("taken", self._documents[key])

    def renew(self, claimed: StoredDocument, now: float, lease: float, done: int) -> None:
        self._change(claimed, updated_at=now, lease_until=now + lease, done=done)

    def finish(self, claimed: StoredDocument, now: float, chunks: int) -> None:
        self._change(claimed, status="ready", updated_at=now, chunks=chunks, done=chunks, failure=None, lease_until=0.0)

    def fail(self, claimed: StoredDocument, now: float, failure: Failure) -> None:
        self._change(claimed, status="failed", updated_at=now, failure=failure, lease_until=0.0)

    def put_back(self, claimed: StoredDocument, now: float) -> None:
        status = "deleting" if claimed.status == "deleting" else "queued"
        self._change(claimed, status=status, updated_at=now, lease_until=0.0)

    def forget(self, claimed: StoredDocument) -> None:
        with self._lock:
            self._change(claimed)
            del self._documents[claimed.key]

    def let_go(self, claimed: StoredDocument) -> None:
        with self._lock:
            found = self._documents.get(claimed.key)
            if found is not None and found.fence == claimed.fence:
                self._documents[claimed.key] = replace(found, lease_until=0.0)

    def _change(self, claimed: StoredDocument, **fields: Any) -> None:
        with self._lock:
            found = self._documents.get(claimed.key)
            if found is None or (found.fence, found.version, found.status) != (
                claimed.fence,
                claimed.version,
                claimed.status,
            ):
                raise LeaseLost(f"document {claimed.key.document}, version {claimed.version}")
            self._documents[claimed.key] = replace(found, **fields)
