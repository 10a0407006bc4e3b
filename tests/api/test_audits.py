"""Who may read why a turn was answered as it was."""

from __future__ import annotations

import pytest

from tests.api.conftest import Desktop
from tests.builders import NOW
from thinkaloud.state.audit import Audit, Weighed
from thinkaloud.state.records import TurnKey

TURN = TurnKey("qinghe", "session-1", "turn-0001")
PATH = "/sessions/session-1/turns/turn-0001/audit"
AUDIT = Audit("退货要多久？", NOW, search="退货 时间", candidates=(Weighed("c#1#f", "returns.md", 0.7, number="1"),))


@pytest.fixture
def told(api: Desktop) -> Desktop:
    api.conversations.activate(TURN, "lin", NOW)
    api.audits.write(TURN, AUDIT, NOW)
    return api


def test_ones_own_turn(told: Desktop) -> None:
    reply = told.ask("GET", PATH, scope="")
    assert reply.status == 200
    assert reply.body["question"] == "退货要多久？"
    assert reply.body["candidates"][0]["number"] == "1"


def test_another_users_turn_takes_a_scope(told: Desktop) -> None:
    assert told.ask("GET", PATH, user="mei", scope="documents:read documents:write").code == "forbidden"
    assert told.ask("GET", PATH, user="mei", scope="audit:read").status == 200


def test_another_tenants_turn_is_not_there(told: Desktop) -> None:
    assert told.ask("GET", PATH, tenant="green-mountain", scope="audit:read").status == 404
    assert told.ask("GET", PATH, tenant="green-mountain", scope="").status == 403


def test_a_turn_that_nothing_is_known_of(told: Desktop) -> None:
    reply = told.ask("GET", "/sessions/session-1/turns/turn-0002/audit")
    assert (reply.status, reply.code) == (404, "not_found")
    assert told.ask("GET", "/sessions/x/turns/turn-0002/audit").status == 422
