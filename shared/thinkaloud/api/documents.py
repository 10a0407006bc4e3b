"""The routes of a tenant's documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from thinkaloud.api.caller import Reader, Reading, Writer
from thinkaloud.api.failures import RESPONSES
from thinkaloud.api.models import (
    Announcement,
    Document,
    Documents,
    NewDocument,
    NewVersion,
    OneDocument,
    Refusal,
    Upload,
)
from thinkaloud.library.library import Library
from thinkaloud.library.uploads import Address
from thinkaloud.state.documents import StoredDocument

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="What the API gave as `id`")]
_GONE = {"model": Refusal, "description": "`not_found`: the tenant has no such document"}
_BUSY = {"model": Refusal, "description": "`busy`: it is being deleted"}
_FILE: dict[int | str, dict[str, Any]] = {
    409: _BUSY,
    413: {"model": Refusal, "description": "`too_large`"},
    415: {"model": Refusal, "description": "`unsupported`: nothing reads files of this kind"},
}


def documents_router(library: Library) -> APIRouter:
    """The routes over a library. What blocks runs on threads, as every route is a plain function."""
    router = APIRouter(prefix="/documents", tags=["documents"], responses=RESPONSES)

    @router.get("", summary="List documents")
    def list_documents(
        caller: Reader,
        reading: Reading,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    ) -> Documents:
        """A page of the tenant's documents."""
        found = library.page(caller.tenant, limit, cursor or "")
        latest = sorted(found, key=lambda document: document.updated_at, reverse=True)
        return Documents(
            documents=[Document.of(document, reading) for document in latest],
            cursor=found[-1].key.document if len(found) == limit else None,
        )

    @router.post("", status_code=201, summary="Announce a document", responses=_FILE)
    def add_document(caller: Writer, reading: Reading, body: NewDocument) -> Announcement:
        """Say that a file is coming. The answer tells where to put it; what comes of it, the document's status.

        The same name again is the next version of the same document: the one before can be found until it is read.
        """
        return _announcement(*library.add(caller, body.name, body.file), reading)

    @router.get("/{document}", summary="Look at a document", responses={404: _GONE})
    def show_document(caller: Reader, reading: Reading, document: Id) -> Document:
        """A document as it is now: `ready` once a question can find it, `failed` with an `error`."""
        return Document.of(library.show(caller.tenant, document), reading)

    @router.put("/{document}", summary="Replace a document", responses={404: _GONE, **_FILE})
    def replace_document(caller: Writer, reading: Reading, document: Id, body: NewVersion) -> Announcement:
        """Say that a new version is coming. Without `metadata` it keeps what it has."""
        return _announcement(*library.replace(caller, document, body.file), reading)

    @router.delete("/{document}", status_code=202, summary="Remove a document", responses={404: _GONE})
    def remove_document(caller: Writer, reading: Reading, document: Id, response: Response) -> OneDocument:
        """Begin to remove a document. It is `deleting` until nothing of it can be found, and then unknown."""
        response.headers["location"] = f"/documents/{document}"
        return OneDocument(document=Document.of(library.remove(caller.tenant, document), reading))

    return router


def _announcement(document: StoredDocument, address: Address, reading: Reading) -> Announcement:
    return Announcement(document=Document.of(document, reading), upload=Upload.to(address))
