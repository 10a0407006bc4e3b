"""Every exception of Thinkaloud; what a client sees of each is said in `client_codes`.

ThinkaloudError
├── ConfigurationError       the deployment is wrong; only operators see why
├── IdentityError            who is calling cannot be established
│   └── ForeignToken         a token of another user than the connection's
├── KeysUnavailable          the issuer's keys cannot be fetched
├── FrameError               what the client sent cannot be read
│   ├── BadJson
│   ├── FrameTooLarge
│   ├── FrameTooDeep
│   ├── UnknownAction
│   └── InvalidFrame
├── NotYours                 a session of another user
├── SessionBusy              the session is answering another question
├── StorageError             DynamoDB
│   └── StorageThrottled
├── TurnCrashed              every worker of the turn died
├── LeaseLost                another worker has the turn; this one must stop
├── LeaseHeld                a dead worker's lease still runs, so that the turn cannot be closed yet
├── EndNotStored             a turn has ended, and the table did not take how
├── JournalBroken            what was written of a turn cannot be read
├── DispatchFailed           Lambda did not take the turn
├── InvalidRequest           what was sent to the HTTP API cannot be read, or is over a limit
├── ScopeMissing             the token is not for this
├── UnknownDocument          the tenant has no such document
├── UnknownTurn              there is no such turn, or nothing is known of it any more
├── DocumentBusy             the document is being deleted
├── KnowledgeError           embedding or retrieval; a turn goes on without passages
│   └── DocumentError        a document cannot be read; the kinds say why, to a program by their `code`
│       ├── DocumentUnsupported   of a kind, or in an encoding, that nothing here reads
│       ├── DocumentEmpty         there is no text in it
│       ├── DocumentScanned       pages, but only pictures of text
│       ├── DocumentEncrypted     it needs a password
│       ├── DocumentBroken        damaged, or never was what it says
│       ├── DocumentMisnamed      its content is of another kind than its name says
│       ├── DocumentTooLarge      more than a limit, in bytes, pages, cells, memory or time
│       ├── DocumentBomb          small outside, huge inside
│       └── DocumentMissing       its upload is not there
├── ModelError               the chat model
│   ├── ModelRefused         401, 403, 404, 400: a retry will not help
│   ├── ModelBusy            429
│   ├── ModelUnavailable     5xx, time-out, no connection
│   ├── ModelBroken          a stream that ends half-way, or says nothing
│   └── ModelStalled         silent for longer than its limit
└── PostError                pushing a frame to a connection
    ├── Gone                 410: nobody is there
    ├── Throttled            429
    ├── PayloadTooLarge      413
    └── PostFailed           anything else, after which the same post may be tried again
"""

from __future__ import annotations

from typing import ClassVar


class ThinkaloudError(Exception):
    """Base of all; `str(error)` is for logs and operators."""


class ConfigurationError(ThinkaloudError):
    """A setting is missing or wrong. The message names the variable."""


class IdentityError(ThinkaloudError):
    """The token is missing, expired, forged or incomplete. The message says which, and never holds the token."""


class ForeignToken(IdentityError):
    """A valid token, but of another user or tenant than the connection was opened for."""


class KeysUnavailable(ThinkaloudError):
    """The issuer's key set cannot be fetched, so that no token can be checked. Not the caller's fault."""


class FrameError(ThinkaloudError):
    """What the client sent cannot be read. `str(error)` is written for the client."""


class BadJson(FrameError):
    """The body is empty or not a JSON object."""


class FrameTooLarge(FrameError):
    """The body or its text is longer than the limit the message names."""


class FrameTooDeep(FrameError):
    """The JSON is nested deeper than any frame is."""


class UnknownAction(FrameError):
    """`action` is not one of the protocol's."""


class InvalidFrame(FrameError):
    """A field is missing, of the wrong type or out of its pattern; the message names it."""


class NotYours(ThinkaloudError):
    """The session belongs to another user of the tenant."""


class SessionBusy(ThinkaloudError):
    """The session is still answering `turn`."""

    def __init__(self, turn: str) -> None:
        super().__init__(f"the session is still answering turn {turn}")
        self.turn = turn


class StorageError(ThinkaloudError):
    """DynamoDB answered with an error that a retry did not cure."""


class StorageThrottled(StorageError):
    """DynamoDB is throttling; the same request may pass later."""


class TurnCrashed(ThinkaloudError):
    """Every worker that tried the turn died before its end."""


class LeaseLost(ThinkaloudError):
    """The turn's lease ran out or was taken: nothing more may be written or posted."""


class LeaseHeld(ThinkaloudError):
    """Another worker's lease on the turn has not run out yet."""


class EndNotStored(ThinkaloudError):
    """The turn has ended, and the table did not take how; who tries next finds out from the journal, or starts over."""


class JournalBroken(ThinkaloudError):
    """A journal segment is missing or not what was written."""


class DispatchFailed(ThinkaloudError):
    """Lambda did not take the invocation of the turn function."""


class InvalidRequest(ThinkaloudError):
    """A field is missing, of the wrong type or over a limit; the message names it, for whoever sent it."""


class ScopeMissing(ThinkaloudError):
    """The caller is known, and the token is not for this; the message names the scope it needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"the token needs the scope {scope}")
        self.scope = scope


class UnknownDocument(ThinkaloudError):
    """The tenant has no such document; another tenant may, and nobody learns of that."""

    def __init__(self, document: str) -> None:
        super().__init__(f"there is no document {document}")


class UnknownTurn(ThinkaloudError):
    """Nothing is kept of the turn: it never was, or it is too long ago."""

    def __init__(self, turn: str) -> None:
        super().__init__(f"nothing is kept of turn {turn}")


class DocumentBusy(ThinkaloudError):
    """The document is being deleted; once it is gone, it can be announced again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being deleted; try again in a moment")


class KnowledgeError(ThinkaloudError):
    """The embedding model or the index did not answer."""


class DocumentError(KnowledgeError):
    """A document cannot be read. The message is one line for a person, the way out included.

    `code` is for a program: the API and the page know the outcome by it.
    """

    code: ClassVar[str] = "unreadable"


class DocumentUnsupported(DocumentError):
    """A kind of file, or an encoding of text, that nothing here reads."""

    code = "unsupported"


class DocumentEmpty(DocumentError):
    """There is no text in it, or none below its headings."""

    code = "empty"


class DocumentScanned(DocumentError):
    """There are pages, but they are pictures: somebody has to recognise the text first."""

    code = "scanned"


class DocumentEncrypted(DocumentError):
    """It opens only with a password."""

    code = "encrypted"


class DocumentBroken(DocumentError):
    """It is damaged, or only its first bytes are of its kind."""

    code = "broken"


class DocumentMisnamed(DocumentError):
    """Its content is of another kind than its name says; the message names the one it seems to be."""

    code = "misnamed"


class DocumentTooLarge(DocumentError):
    """It is over a limit, or reading it takes more memory or time than there is. The message names the limit."""

    code = "too_large"


class DocumentBomb(DocumentError):
    """It is small, but would be huge once unpacked."""

    code = "bomb"


class DocumentMissing(DocumentError):
    """Its upload is not there, or not any more."""

    code = "missing"


class ModelError(ThinkaloudError):
    """The chat model did not answer as asked."""


class ModelRefused(ModelError):
    """The request itself is refused (400, 401, 403, 404): a retry will not help."""


class ModelBusy(ModelError):
    """The provider says 429. `retry_after` are the seconds it asks for, where it does."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelUnavailable(ModelError):
    """The provider says 5xx, times out or cannot be reached."""


class ModelBroken(ModelError):
    """The stream ended without its end, or held nothing."""


class ModelStalled(ModelError):
    """The model was silent for longer than the limit the message names."""


class PostError(ThinkaloudError):
    """A post to a connection failed."""


class Gone(PostError):
    """Nobody is at the other end any more (410)."""


class Throttled(PostError):
    """Too many posts, or the client's own buffer is full (429)."""


class PayloadTooLarge(PostError):
    """The gateway refuses the size (413)."""


class PostFailed(PostError):
    """Time-out, 5xx or no connection: whether the frame arrived is unknown."""
