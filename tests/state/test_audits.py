"""Audits come back as they were written, cost about one unit, and are readable when the version changes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metering import MeteredDynamoDB, item_size
from tests.builders import NOW, turn_key
from thinkaloud.state.audit import MOST_WEIGHED, Audit, AuditStore, Weighed
from thinkaloud.state.dynamo_audits import DynamoAudits
from thinkaloud.state.items import audit_key, pack, squeeze

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TIMINGS = {"memory": 0.0051, "embed": 0.0124, "search": 0.0083, "retrieval": 0.0231, "first_token": 0.412, "total": 5.9}


def weighed(place: int, **fields: Any) -> Weighed:
    """A candidate as a search finds it: five chunks a document, scores that fall."""
    page, chunk = divmod(place, 5)
    document = hashlib.blake2b(str(page).encode(), digest_size=16).hexdigest()
    fingerprint = hashlib.blake2b(str(place).encode(), digest_size=6).hexdigest()
    known = {
        "id": f"{document}#{chunk}#{fingerprint}",
        "uri": f"handbook/zh/{('refunds', 'returns', 'payment', 'orders')[page]}.md",
        "title": ("退款", "退货与换货", "支付与发票", "修改与取消订单")[page],
        "section": ("到账时间", "退多少钱", "退到哪里", "一直没有收到", "怎么寄回")[chunk],
        "score": round(0.91 - 0.0317 * place, 4),
    }
    return Weighed(**{**known, **fields})


def audit(**fields: Any) -> Audit:
    """A whole one, with as many passages as it may have: five used."""
    used = [weighed(place, number=str(place + 1)) for place in range(5)]
    left = [weighed(place, dropped="score") for place in range(5, MOST_WEIGHED)]
    known = {
        "question": "那用信用卡付的呢？",
        "asked_at": NOW,
        "kind": "follow_up",
        "search": "那用信用卡付的呢？",
        "context": "退款一般几天能到账？",
        "rewritten": "rules",
        "candidates": (*used, *left),
        "threshold": 0.42,
        "covered": True,
        "variant": "v1",
        "prompt": "answer.v1.zh",
        "models": {"chat": "gpt-4.1-mini", "embedding": "text-embedding-3-small"},
        "cited": ("1", "2"),
        "timings": TIMINGS,
        "usage": {"prompt": 1_812, "completion": 96, "estimated": False},
        "finish": "stop",
    }
    return Audit(**{**known, **fields})


def test_an_audit_comes_back_as_it_was_written(audits: AuditStore) -> None:
    assert audits.read(turn_key()) is None
    audits.write(turn_key(), audit(), NOW)
    assert audits.read(turn_key()) == audit()


def test_an_audit_is_its_turns_alone(audits: AuditStore) -> None:
    audits.write(turn_key(), audit(), NOW)
    for other in (turn_key("turn-0002"), turn_key(session="session-2"), turn_key(tenant="beihai")):
        assert audits.read(other) is None


def test_a_turn_that_is_answered_again_has_one_audit(audits: AuditStore) -> None:
    audits.write(turn_key(), audit(finish="error", error="model_busy"), NOW)
    audits.write(turn_key(), audit(), NOW)
    assert audits.read(turn_key()) == audit()


def test_the_chunks_used_are_told_in_the_order_of_their_numbers() -> None:
    candidates = (weighed(0, number="2"), weighed(1, dropped="duplicate"), weighed(2, number="1"))
    assert audit(candidates=candidates).used == (weighed(2).id, weighed(0).id)


NAMES = st.text(max_size=12)
NEVER_EMPTY = st.text(min_size=1, max_size=12)
SCORES = st.floats(-1, 2)
WEIGHED = st.builds(
    Weighed,
    id=NEVER_EMPTY,
    uri=NEVER_EMPTY,
    title=NAMES,
    section=NAMES,
    score=SCORES,
    page=st.none() | st.integers(1, 900),
    reranked=st.none() | SCORES,
    dropped=st.none() | st.sampled_from(["duplicate", "score", "room"]),
    number=st.none() | st.integers(1, 20).map(str),
)


@given(
    st.builds(
        Audit,
        question=NEVER_EMPTY,
        asked_at=st.floats(0, 2e9),
        context=NAMES,
        candidates=st.lists(WEIGHED, max_size=3).map(tuple),
        threshold=st.none() | SCORES,
        covered=st.none() | st.booleans(),
        filter=st.none() | st.dictionaries(NAMES, NAMES | st.booleans(), min_size=1, max_size=2),
        removed=st.lists(NAMES, max_size=2).map(tuple),
        timings=st.dictionaries(NAMES, SCORES, max_size=3),
    )
)
def test_nothing_is_lost_as_text(given_audit: Audit) -> None:
    assert Audit.from_json(given_audit.to_json()) == given_audit


def test_what_a_newer_version_writes_can_be_read() -> None:
    text = audit().to_json()
    assert Audit.from_json(text.replace('"question":', '"mood":"calm","question":', 1)) == audit()


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"question":"?","asked_at":0,"candidates":[1]}'])
def test_what_is_no_audit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Audit.from_json(text)


# ---- in DynamoDB -----------------------------------------------------------------------------------------------------


def test_an_audit_costs_about_one_unit(dynamodb: DynamoDBClient, table: str) -> None:
    meter = MeteredDynamoDB(dynamodb)
    DynamoAudits(meter, table, days=30).write(turn_key(), audit(), NOW)  # type: ignore[arg-type]
    size = item_size(dynamodb.get_item(TableName=table, Key=pack(audit_key(turn_key())))["Item"])
    assert meter.written == 1, f"{size} bytes"


def test_an_audit_lives_as_long_as_is_set(dynamodb: DynamoDBClient, table: str) -> None:
    DynamoAudits(dynamodb, table, days=30).write(turn_key(), audit(), NOW)
    item = dynamodb.get_item(TableName=table, Key=pack(audit_key(turn_key())))["Item"]
    assert item["expires_at"] == {"N": str(int(NOW) + 30 * 86_400)}


@pytest.mark.parametrize("broken", [{"S": "?"}, {"B": b"?"}, squeeze(json.dumps({"no": "audit"}))])
def test_an_audit_that_cannot_be_read_is_none(dynamodb: DynamoDBClient, table: str, broken: Any) -> None:
    dynamodb.put_item(TableName=table, Item={**pack(audit_key(turn_key())), "audit": broken})
    assert DynamoAudits(dynamodb, table, days=30).read(turn_key()) is None
