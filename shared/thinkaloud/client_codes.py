"""The one table that says what a client sees of an exception."""

from __future__ import annotations

from thinkaloud.errors import (
    BadJson,
    DispatchFailed,
    DocumentBusy,
    ForeignToken,
    FrameTooDeep,
    FrameTooLarge,
    IdentityError,
    InvalidFrame,
    InvalidRequest,
    KeysUnavailable,
    KnowledgeError,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelStalled,
    ModelUnavailable,
    NotYours,
    ScopeMissing,
    SessionBusy,
    StorageError,
    StorageThrottled,
    TurnCrashed,
    UnknownAction,
    UnknownDocument,
    UnknownTurn,
)

#: exception -> (code a client sees, whether asking again may help). The most derived class wins.
CLIENT_CODES: dict[type[Exception], tuple[str, bool]] = {
    BadJson: ("bad_json", False),
    FrameTooLarge: ("too_large", False),
    FrameTooDeep: ("too_deep", False),
    UnknownAction: ("unknown_action", False),
    InvalidFrame: ("invalid_frame", False),
    NotYours: ("forbidden", False),
    SessionBusy: ("busy", True),
    StorageThrottled: ("throttled", True),
    StorageError: ("storage_unavailable", True),
    DispatchFailed: ("throttled", True),
    TurnCrashed: ("crashed", True),
    InvalidRequest: ("invalid_request", False),
    ScopeMissing: ("forbidden", False),
    UnknownDocument: ("not_found", False),
    UnknownTurn: ("not_found", False),
    DocumentBusy: ("busy", True),
    KnowledgeError: ("knowledge_unavailable", True),
    ModelRefused: ("model_refused", False),
    ModelBusy: ("model_busy", True),
    ModelUnavailable: ("model_unavailable", True),
    ModelBroken: ("model_broken", True),
    ModelStalled: ("model_stalled", True),
    ModelError: ("model_unavailable", True),
    ForeignToken: ("wrong_user", False),
    KeysUnavailable: ("sign_in_unavailable", True),
    IdentityError: ("unauthorized", False),
    Exception: ("internal", True),
}


def client_code(error: BaseException) -> tuple[str, bool]:
    """The code and the `retryable` flag a client gets for `error`; `("internal", True)` for what has no row."""
    for kind in type(error).__mro__:
        row = CLIENT_CODES.get(kind)
        if row is not None:
            return row
    return CLIENT_CODES[Exception]


def retryable(code: str) -> bool:
    """Whether asking again may help after `code`."""
    return dict(CLIENT_CODES.values()).get(code, True)
