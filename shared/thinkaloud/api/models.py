"""What goes over the HTTP API, as JSON. Times are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thinkaloud.language import Language
from thinkaloud.library.library import File
from thinkaloud.library.uploads import Address
from thinkaloud.library.words import failure_message
from thinkaloud.state.documents import Status, StoredDocument, Value

#: Characters of a name, before its bytes are counted.
_NAME = 255
#: No number is larger in JavaScript.
_MOST = 2**53
_Bytes = Annotated[int, Field(strict=True, ge=1, le=_MOST, description="Size of the file, exactly")]
_Media = Annotated[
    str | None, Field(strict=True, max_length=255, description="Media type; by default what the name's suffix says")
]
_Metadata = Annotated[
    dict[str, Any] | None,
    Field(
        description="To filter by: text, numbers, true or false, lists of text; 8 KB as JSON at most",
        examples=[{"team": "support", "year": 2025, "tags": ["returns", "eu"]}],
    ),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewVersion(_Asked):
    """A file that is to replace a document's."""

    bytes: _Bytes
    media: _Media = None
    metadata: _Metadata = None

    @property
    def file(self) -> File:
        """As the library takes it."""
        return File(self.bytes, self.media, self.metadata)


class NewDocument(NewVersion):
    """A file that is to become a document. The same name again is the next version of the same document."""

    name: Annotated[
        str,
        Field(
            strict=True,
            min_length=1,
            max_length=_NAME,
            description="A file's name; folders before it are part of it, parted by /",
            examples=["handbook/returns.pdf"],
        ),
    ]


class Problem(BaseModel):
    """What went wrong: a code for programs, a line for people."""

    code: str
    message: str


class Refusal(BaseModel):
    """Every answer that is not 2xx and is ours; API Gateway's own have `message` alone."""

    error: Problem


class Progress(BaseModel):
    """Chunks stored so far, and of how many, once that is known."""

    done: int
    total: int | None


class Document(BaseModel):
    """A document. `chunks` is how many of its newest readable version a question can find."""

    id: str
    name: str
    uri: str
    media: str
    bytes: int
    status: Status
    error: Problem | None
    chunks: int
    progress: Progress
    metadata: dict[str, Value]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, document: StoredDocument, language: Language) -> Document:
        """A registered document, for somebody who reads `language`."""
        announced, failure = document.announced, document.failure
        return cls(
            id=document.key.document,
            name=announced.name,
            uri=announced.name,
            media=announced.media,
            bytes=announced.bytes,
            status=document.status,
            error=None if failure is None else Problem(code=failure.code, message=failure_message(document, language)),
            chunks=document.chunks,
            progress=Progress(done=document.done, total=document.chunks if document.status == "ready" else None),
            metadata=dict(announced.metadata),
            version=document.version,
            created_at=_time(document.created_at),
            updated_at=_time(document.updated_at),
        )


class Upload(BaseModel):
    """Where the file goes: one PUT of exactly the announced bytes, with these headers, before `expires_at`."""

    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: datetime

    @classmethod
    def to(cls, address: Address) -> Upload:
        """An upload to this address."""
        return cls(url=address.url, headers=address.headers, expires_at=_time(address.expires_at))


class Announcement(BaseModel):
    """A document that waits for its file."""

    document: Document
    upload: Upload


class OneDocument(BaseModel):
    """A document that is being removed."""

    document: Document


class Documents(BaseModel):
    """A page of the list, the latest changed first within it; `cursor` leads to the next, where there is one."""

    documents: list[Document]
    cursor: str | None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds, 3), UTC)
