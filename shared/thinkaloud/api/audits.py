"""The route of a turn's audit: why it was answered as it was."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from thinkaloud.api.caller import AUDIT, Caller
from thinkaloud.api.failures import RESPONSES
from thinkaloud.api.models import Refusal
from thinkaloud.errors import ScopeMissing, UnknownTurn
from thinkaloud.state.audit import Audit, AuditStore
from thinkaloud.state.records import TurnKey
from thinkaloud.state.stores import ConversationStore

_Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
_GONE = {"model": Refusal, "description": "`not_found`: no such turn, or its audit is too old"}


def audits_router(audits: AuditStore, conversations: ConversationStore) -> APIRouter:
    """The route over the audits; the conversations tell whose a session is."""
    router = APIRouter(tags=["audit"], responses=RESPONSES)

    @router.get(
        "/sessions/{session}/turns/{turn}/audit",
        summary="Why a turn was answered as it was",
        responses={404: _GONE},
    )
    def show_audit(caller: Caller, session: _Id, turn: _Id) -> Audit:
        """Scores, passages, prompt, models and timings of a turn.

        For the user whose session it is, and for whoever has the scope `audit:read` in the tenant.
        """
        if AUDIT not in caller.scopes:
            found = conversations.session(caller.tenant, session)
            # Whether there is such a session is not told either.
            if found is None or found.user != caller.user:
                raise ScopeMissing(AUDIT)
        audit = audits.read(TurnKey(caller.tenant, session, turn))
        if audit is None:
            raise UnknownTurn(turn)
        return audit

    return router
