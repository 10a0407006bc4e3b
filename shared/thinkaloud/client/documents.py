"""A tenant's documents over the HTTP API: announce a file, send it, follow it until it can be found, delete it.

It needs aiohttp (`pip install 'thinkaloud[local]'`), and is no part of `import thinkaloud.client` for that.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from thinkaloud.client.backoff import Backoff
from thinkaloud.client.connection import TokenSource
from thinkaloud.client.errors import CannotConnect, NoReply, RequestRefused
from thinkaloud.client.http import Http
from thinkaloud.language import Language

Status = Literal["waiting", "queued", "reading", "ready", "failed", "deleting"]

#: Bytes read from a file at once: as often is said how much has gone.
PIECE = 256 * 1024
#: Pauses between two looks at a document.
LOOKS = Backoff(first=0.3, most=5.0)
#: Seconds for which a document that is being read may stand still before it is given up.
PATIENCE = 900.0


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


R = TypeVar("R", bound=_Record)


class Failure(_Record):
    """Why a document could not be read: a code such as `scanned`, and a line for a person."""

    code: str
    message: str = ""


class Progress(_Record):
    """How much of a document has been read, in the server's own measure; nobody may know of how much."""

    done: int
    total: int | None = None


class StoredDocument(_Record):
    """A document as the API tells it. `name` names it for good: the same one again is its next version."""

    id: str
    name: str
    status: Status
    bytes: int = 0
    chunks: int = 0
    error: Failure | None = None
    progress: Progress | None = None
    metadata: dict[str, Any] = {}


class Upload(_Record):
    """Where a file goes, once and soon."""

    method: str
    url: str
    headers: dict[str, str]


class Announced(_Record):
    """A document that waits for its file."""

    document: StoredDocument
    upload: Upload


class _Deleted(_Record):
    document: StoredDocument


class _Page(_Record):
    documents: list[StoredDocument]
    cursor: str | None = None


def document_name(name: str) -> str:
    """`name` spelt as the server knows it: macOS may hand out é as two characters."""
    return unicodedata.normalize("NFC", name)


def document_id(name: str) -> str:
    """The id of the document with this name, as `thinkaloud.knowledge.documents.Document.id` has it."""
    return hashlib.blake2b(document_name(name).encode(), digest_size=16).hexdigest()


class Documents:
    """The documents of the token's tenant. Use it as an async context manager.

    Every method may raise CannotConnect (nobody answers, after every attempt), RequestRefused (the API said no) and
    BadToken.

    Args:
        url: of the HTTP API, https://... (or http:// on this machine).
        token: asked again when the one at hand is about to run out.
        backoff: the attempts for one request.
        language: of the messages for people, `en` or `zh`.
    """

    def __init__(
        self, url: str, token: TokenSource, *, backoff: Backoff | None = None, language: Language = "en"
    ) -> None:
        self._http = Http(url, token, backoff or Backoff(), language)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def all(self) -> AsyncIterator[StoredDocument]:
        """Every document there is."""
        cursor: str | None = None
        while True:
            query = {"limit": "100"} | ({} if cursor is None else {"cursor": cursor})
            page = _read(_Page, await self._http.request("GET", "documents", query=query))
            for document in page.documents:
                yield document
            cursor = page.cursor
            if cursor is None:
                return

    async def find(self, name: str) -> StoredDocument | None:
        """The document with this name, or None."""
        return await self._look(document_id(name))

    async def announce(self, name: str, size: int, metadata: Mapping[str, Any] | None = None) -> Announced:
        """Say that a file of `size` bytes is coming; where there is such a document, as its new version."""
        body = {"name": document_name(name), "bytes": size, "metadata": dict(metadata or {})}
        return _read(Announced, await self._http.request("POST", "documents", body=body))

    async def send(self, path: Path, announced: Announced, sent: Callable[[int], None] = lambda count: None) -> None:
        """Send the file; `sent` is told how many bytes of it have gone.

        An attempt that broke off is made again. A refusal of the second because the bucket has the file already means
        that only the reply to the first was lost.
        """
        upload, size = announced.upload, announced.document.bytes
        headers = {**upload.headers, "content-length": str(size)}
        reply = await self._http.send(upload.method, upload.url, headers, lambda: _pieces(path, size, sent))
        if not reply.ok and reply.status != 412:
            raise RequestRefused(reply.status, "upload_refused", f"the bucket did not take {path.name}")

    async def follow(
        self, document: StoredDocument, *, looks: Backoff = LOOKS, patience: float = PATIENCE
    ) -> AsyncIterator[StoredDocument]:
        """Each state that the document is seen in, until it is `ready` or `failed`, or is no more.

        Raises:
            NoReply: nothing changed for `patience` seconds.
        """
        deadline = time.monotonic() + patience
        pauses = looks.endless(lambda: 1.0)
        seen: StoredDocument | None = document
        while seen is not None and seen.status not in ("ready", "failed"):
            await asyncio.sleep(next(pauses))
            found = await self._look(document.id)
            if found != seen:
                deadline = time.monotonic() + patience
                pauses = looks.endless(lambda: 1.0)
                if found is not None:
                    yield found
            elif time.monotonic() > deadline:
                raise NoReply(f"{document.name}: nothing has happened to it for {patience:g} s ({found.status})")
            seen = found

    async def delete(self, document: StoredDocument) -> StoredDocument:
        """Begin to delete it; `follow` tells when it is gone."""
        reply = await self._http.request("DELETE", f"documents/{document.id}")
        return _read(_Deleted, reply).document

    async def _look(self, id_: str) -> StoredDocument | None:
        try:
            return _read(StoredDocument, await self._http.request("GET", f"documents/{id_}"))
        except RequestRefused as error:
            if error.status == 404:
                return None
            raise


def _read(kind: type[R], body: bytes) -> R:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        raise RequestRefused(
            200, "unreadable", f"this is not the HTTP API, or not this version of it: {problem}"
        ) from None


async def _pieces(path: Path, size: int, sent: Callable[[int], None]) -> AsyncIterator[bytes]:
    """The first `size` bytes of the file, which is what was announced."""
    gone = 0
    with await asyncio.to_thread(path.open, "rb") as file:
        while gone < size:
            piece = await asyncio.to_thread(file.read, min(PIECE, size - gone))
            if not piece:
                raise CannotConnect(f"{path} has become shorter while it was sent")
            gone += len(piece)
            yield piece
            sent(gone)
