from __future__ import annotations

import asyncio

import pytest

from localcloud.models.ledger import KEPT, Ledger
from localcloud.models.openai_types import ApiError

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("raised", "outcome", "status"),
    [
        (ApiError(429, "slow down"), "refused", 429),
        (asyncio.CancelledError(), "aborted", 200),
        (ConnectionResetError(), "aborted", 200),
        (RuntimeError(), "refused", 500),
    ],
)
def test_how_it_ends_is_recorded(raised: BaseException, outcome: str, status: int) -> None:
    ledger = Ledger()
    with pytest.raises(type(raised)), ledger.exchange(CHAT, "m"):
        raise raised
    (seen,) = ledger.recent()
    assert (seen["outcome"], seen["status"]) == (outcome, status)
    assert ledger.counts(CHAT) == {"open": 0, "finished": 0, "aborted": 0, "cut": 0, "refused": 0, outcome: 1}


async def test_open_exchanges_are_counted_until_they_end() -> None:
    ledger = Ledger()
    with ledger.exchange(CHAT, "m", stream=True, messages=[{"role": "user"}]) as exchange:
        assert ledger.counts(CHAT)["open"] == 1
        assert ledger.counts("/v1/embeddings")["open"] == 0
        waiting = asyncio.create_task(ledger.idle())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert exchange.finished is None
    await waiting
    assert exchange.finished is not None
    assert exchange.finished >= exchange.started
    assert ledger.counts(CHAT)["finished"] == 1


def test_only_the_last_are_kept_but_all_are_counted() -> None:
    ledger = Ledger()
    for _ in range(KEPT + 5):
        with ledger.exchange(CHAT, "m"):
            pass
    assert len(ledger.recent()) == KEPT
    assert ledger.counts(CHAT)["finished"] == KEPT + 5


def test_clearing_keeps_what_is_open() -> None:
    ledger = Ledger()
    with ledger.exchange(CHAT, "ended"):
        pass
    with ledger.exchange(CHAT, "open"):
        ledger.clear()
        assert [exchange["model"] for exchange in ledger.recent()] == ["open"]
        assert ledger.counts(CHAT) == {"open": 1, "finished": 0, "aborted": 0, "cut": 0, "refused": 0}
