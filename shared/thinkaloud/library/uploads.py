"""Files on their way in: an address to upload each to, once, and the file until it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from thinkaloud.errors import DocumentMissing, DocumentTooLarge
from thinkaloud.state.documents import DocumentKey, StoredDocument

#: Seconds for which an upload may begin.
UPLOAD_SECONDS = 900
_OBJECT = re.compile(r"uploads/(?P<tenant>[A-Za-z0-9_.-]{1,64})/(?P<document>[0-9a-f]{32})/(?P<version>[1-9]\d{0,9})")


@dataclass(frozen=True)
class Address:
    """Where a file is to be put, with these headers, until `expires_at` (seconds since 1970)."""

    url: str
    headers: dict[str, str]
    expires_at: float


class Uploads(Protocol):
    """The bucket."""

    def address(self, document: StoredDocument) -> Address:
        """An address for this version's upload alone: its size and media type, and no second time."""

    def fetch(self, key: str, path: Path, most: int) -> None:
        """Put an upload into a file.

        Raises:
            DocumentMissing: there is none.
            DocumentTooLarge: it has more than `most` bytes.
            StorageError: S3 does not answer as it should.
        """

    def discard(self, key: str) -> None:
        """Delete an upload; one that is not there is fine. May raise `StorageError`."""


def object_key(key: DocumentKey, version: int) -> str:
    """Where a version's upload lies in the bucket."""
    return f"uploads/{key.tenant}/{key.document}/{version}"


def read_object_key(text: str) -> tuple[DocumentKey, int] | None:
    """Document and version of an upload's key; None where it is none of ours."""
    found = _OBJECT.fullmatch(text)
    return (DocumentKey(found["tenant"], found["document"]), int(found["version"])) if found else None


@dataclass
class MemoryUploads:
    """`Uploads` in a dict: `files` by key, for whoever plays S3."""

    files: dict[str, bytes] = field(default_factory=dict)

    def address(self, document: StoredDocument) -> Address:
        url = f"memory:{object_key(document.key, document.version)}"
        return Address(url, {"content-type": document.announced.media}, document.announced.upload_until)

    def fetch(self, key: str, path: Path, most: int) -> None:
        if key not in self.files:
            raise DocumentMissing("its upload is not there; upload it again")
        if len(self.files[key]) > most:
            raise DocumentTooLarge(f"it has more than {most:,} bytes")
        path.write_bytes(self.files[key])

    def discard(self, key: str) -> None:
        self.files.pop(key, None)
