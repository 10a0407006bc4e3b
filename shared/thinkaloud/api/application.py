"""The FastAPI application."""

from __future__ import annotations

from fastapi import FastAPI

from thinkaloud.api.audits import audits_router
from thinkaloud.api.documents import documents_router
from thinkaloud.api.failures import answer_failures
from thinkaloud.library.library import Library
from thinkaloud.state.audit import AuditStore
from thinkaloud.state.stores import ConversationStore

_ABOUT = """A tenant's documents, which answers come from, and why an answer is what it is.

Every route but this page takes the token of the chat: `Authorization: Bearer <jwt>`. Its claim `scope` says what it is
for: `documents:read`, `documents:write`, `audit:read`.

A document comes in three steps: announce it (`POST /documents`), put the file where the answer says, and look at it
until its `status` is `ready` or `failed`. Errors are `{"error": {"code", "message"}}`.
"""


def make_application(library: Library, audits: AuditStore, conversations: ConversationStore) -> FastAPI:
    """The application with all its routes, and its description at /docs and /openapi.json."""
    application = FastAPI(
        title="Thinkaloud",
        version="1",
        description=_ABOUT,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    application.include_router(documents_router(library))
    application.include_router(audits_router(audits, conversations))
    answer_failures(application)
    return application
