"""The contract of the conversation stores: one suite over the versions in memory and in DynamoDB."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.builders import NOW, outcome, question, turn_key
from thinkaloud.errors import LeaseLost, NotYours, SessionBusy
from thinkaloud.state.records import BLOCK, LEASE, SKEW, Exchange, Outcome, Session, Turn, TurnKey
from thinkaloud.state.stores import MOST_QUEUED, RECENT, ConversationStore

T = TypeVar("T")
FIRST, SECOND, THIRD = turn_key("turn-0001"), turn_key("turn-0002"), turn_key("turn-0003")


def answer(conversations: ConversationStore, key: TurnKey, text: str = "Five days.", asked: str = "How long?") -> None:
    """One turn from question to stored answer."""
    conversations.activate(key, "lin", NOW)
    assert conversations.create(question(asked, key=key), "UXcB4dYzFiACJNw=")
    claimed = conversations.claim(key, NOW)
    assert claimed is not None
    conversations.finish(key, claimed.epoch, outcome(text))
    conversations.free(key, NOW)


def claimed(conversations: ConversationStore, key: TurnKey = FIRST, now: float = NOW) -> Turn:
    conversations.create(question(key=key), "UXcB4dYzFiACJNw=")
    turn = conversations.claim(key, now)
    assert turn is not None
    return turn


def session_of(conversations: ConversationStore, tenant: str = "qinghe") -> Session:
    session = conversations.session(tenant, "session-1")
    assert session is not None
    return session


def stored(conversations: ConversationStore, key: TurnKey = FIRST) -> Turn:
    turn = conversations.get(key)
    assert turn is not None
    return turn


def at_once(people: int, deed: Callable[[int], T]) -> list[T]:
    """The same thing done by many at the same moment."""
    together = threading.Barrier(people)

    def begin(number: int) -> T:
        together.wait()
        return deed(number)

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(begin, range(people)))


# ---- one active turn a session ---------------------------------------------------------------------------------------


def test_the_first_question_opens_its_session(conversations: ConversationStore) -> None:
    assert conversations.session("qinghe", "session-1") is None
    conversations.activate(FIRST, "lin", NOW)
    assert session_of(conversations) == Session("lin", FIRST.turn, (), (), since=NOW)


def test_a_session_that_is_answering_is_busy_and_says_with_what(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    with pytest.raises(SessionBusy) as caught:
        conversations.activate(SECOND, "lin", NOW + 1)
    assert caught.value.turn == FIRST.turn
    assert session_of(conversations).active == FIRST.turn


def test_the_active_turn_may_be_asked_again(conversations: ConversationStore) -> None:
    for _ in range(3):
        conversations.activate(FIRST, "lin", NOW)
    assert session_of(conversations).active == FIRST.turn


def test_the_place_of_a_turn_that_nobody_runs_may_be_taken_once(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    conversations.activate(SECOND, "lin", NOW, instead_of=FIRST.turn)
    with pytest.raises(SessionBusy):
        conversations.activate(THIRD, "lin", NOW, instead_of=FIRST.turn)


def test_a_turn_that_could_not_be_dispatched_frees_its_session(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    conversations.release(FIRST)
    assert session_of(conversations) == Session("lin", None, (), ())
    conversations.activate(SECOND, "lin", NOW)


def test_releasing_a_turn_that_is_not_active_frees_nothing(conversations: ConversationStore) -> None:
    conversations.release(THIRD)
    assert conversations.session("qinghe", "session-1") is None
    conversations.activate(FIRST, "lin", NOW)
    conversations.release(THIRD)
    assert session_of(conversations).active == FIRST.turn


def test_of_twenty_questions_at_once_exactly_one_is_admitted(conversations: ConversationStore) -> None:
    def ask(number: int) -> bool:
        try:
            conversations.activate(turn_key(f"turn-{number:04}"), "lin", NOW)
        except SessionBusy:
            return False
        return True

    assert sum(at_once(20, ask)) == 1


# ---- the queue -------------------------------------------------------------------------------------------------------


def test_questions_wait_in_the_order_they_came_and_each_is_next_once(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    assert conversations.enqueue(SECOND, behind=FIRST.turn)
    assert conversations.enqueue(THIRD, behind=FIRST.turn)
    assert session_of(conversations).queue == (SECOND.turn, THIRD.turn)
    assert conversations.free(FIRST, NOW + 5) == SECOND.turn
    assert session_of(conversations) == Session("lin", SECOND.turn, (THIRD.turn,), (FIRST.turn,), since=NOW + 5)
    assert conversations.free(FIRST, NOW) is None, "it was freed already"
    assert conversations.free(SECOND, NOW) == THIRD.turn
    assert conversations.free(THIRD, NOW) is None
    assert session_of(conversations) == Session("lin", None, (), (FIRST.turn, SECOND.turn, THIRD.turn))


def test_nobody_waits_behind_a_turn_that_is_not_active_any_more(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    conversations.free(FIRST, NOW)
    assert not conversations.enqueue(SECOND, behind=FIRST.turn)
    assert session_of(conversations).queue == ()


def test_waiting_twice_takes_one_place(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    assert conversations.enqueue(SECOND, behind=FIRST.turn)
    assert conversations.enqueue(SECOND, behind=FIRST.turn)
    assert session_of(conversations).queue == (SECOND.turn,)


def test_a_turn_that_was_asked_again_when_its_session_was_idle_is_not_its_own_successor(
    conversations: ConversationStore,
) -> None:
    conversations.activate(FIRST, "lin", NOW)
    conversations.enqueue(SECOND, behind=FIRST.turn)
    conversations.enqueue(THIRD, behind=FIRST.turn)
    conversations.release(FIRST)
    conversations.activate(SECOND, "lin", NOW)
    assert conversations.free(SECOND, NOW) == THIRD.turn


def test_a_queue_takes_exactly_as_many_as_it_may(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)

    def wait(number: int) -> bool:
        try:
            return conversations.enqueue(turn_key(f"waiting-{number:04}"), behind=FIRST.turn)
        except SessionBusy:
            return False

    assert sum(at_once(MOST_QUEUED + 5, wait)) == MOST_QUEUED
    assert len(set(session_of(conversations).queue)) == MOST_QUEUED


# ---- whose session ---------------------------------------------------------------------------------------------------


def test_another_user_of_the_tenant_is_kept_out(conversations: ConversationStore) -> None:
    answer(conversations, FIRST)
    for key in (FIRST, SECOND):
        with pytest.raises(NotYours):
            conversations.activate(key, "mei", NOW + 1_000)


def test_another_user_learns_nothing_of_a_busy_session_either(conversations: ConversationStore) -> None:
    conversations.activate(FIRST, "lin", NOW)
    with pytest.raises(NotYours):
        conversations.activate(SECOND, "mei", NOW)


def test_two_tenants_may_choose_the_same_ids_and_never_meet(conversations: ConversationStore) -> None:
    ours, theirs = turn_key(tenant="qinghe"), turn_key(tenant="green-mountain")
    answer(conversations, ours, "Ours.")
    assert conversations.session("green-mountain", "session-1") is None
    assert conversations.get(theirs) is None
    conversations.activate(theirs, "mei", NOW)
    assert conversations.create(question(key=theirs, user="mei"), "other=")
    assert conversations.exchanges("green-mountain", ours.session, [ours.turn]) == []
    assert session_of(conversations).user == "lin"


# ---- one worker at a time --------------------------------------------------------------------------------------------


def test_a_turn_is_stored_as_it_was_asked(conversations: ConversationStore) -> None:
    asked = question(
        "我们部门今年的年假额度是多少？👍",
        locale="zh-CN",
        asked_at=1_763_631_008.214,
        metadata={"page": "/年假", "depth": [1, 2.5, None, {"x": True}], "big": 10**60, "small": 1e-200},
    )
    assert conversations.create(asked, "UXcB4dYzFiACJNw=")
    assert conversations.get(asked.key) == Turn(asked, "UXcB4dYzFiACJNw=", "pending")


def test_a_turn_id_is_taken_once_and_keeps_its_first_question(conversations: ConversationStore) -> None:
    assert conversations.create(question("First?"), "one=")
    assert not conversations.create(question("Second?", trace="trace-2"), "two=")
    found = stored(conversations)
    assert (found.question.text, found.question.trace, found.connection) == ("First?", "trace-1", "one=")


def test_there_is_no_turn_that_nobody_asked(conversations: ConversationStore) -> None:
    assert conversations.get(FIRST) is None
    assert conversations.claim(FIRST, NOW) is None


def test_a_claim_gives_an_epoch_a_lease_and_numbers(conversations: ConversationStore) -> None:
    turn = claimed(conversations)
    assert (turn.state, turn.epoch, turn.lease_until, turn.reserved) == ("running", 1, NOW + LEASE, BLOCK)
    assert stored(conversations) == turn


def test_a_turn_is_claimed_by_one_while_the_lease_lasts(conversations: ConversationStore) -> None:
    claimed(conversations)
    assert conversations.claim(FIRST, NOW + LEASE + SKEW) is None


def test_when_the_lease_is_over_the_next_epoch_gets_numbers_nobody_had(conversations: ConversationStore) -> None:
    claimed(conversations)
    turn = conversations.claim(FIRST, NOW + LEASE + SKEW + 0.25)
    assert turn is not None
    assert (turn.epoch, turn.reserved) == (2, 2 * BLOCK)


def test_a_lease_may_be_shorter(conversations: ConversationStore) -> None:
    conversations.create(question(), "UXcB4dYzFiACJNw=")
    assert conversations.claim(FIRST, NOW, 2.0) is not None
    assert stored(conversations).lease_until == NOW + 2.0
    conversations.renew(FIRST, 1, NOW + 1.0, BLOCK, 3.0)
    assert stored(conversations).lease_until == NOW + 4.0


def test_of_ten_workers_one_runs_the_turn(conversations: ConversationStore) -> None:
    conversations.create(question(), "UXcB4dYzFiACJNw=")
    claims = at_once(10, lambda _: conversations.claim(FIRST, NOW))
    assert [turn.epoch for turn in claims if turn is not None] == [1]


def test_of_ten_successors_one_takes_the_next_epoch(conversations: ConversationStore) -> None:
    claimed(conversations)
    later = at_once(10, lambda _: conversations.claim(FIRST, NOW + 60))
    assert [turn.epoch for turn in later if turn is not None] == [2]


def test_a_renewal_moves_the_leases_end_and_the_numbers(conversations: ConversationStore) -> None:
    claimed(conversations)
    conversations.renew(FIRST, 1, NOW + 8, BLOCK + 700)
    turn = stored(conversations)
    assert (turn.lease_until, turn.reserved) == (NOW + 8 + LEASE, BLOCK + 700)
    assert conversations.claim(FIRST, NOW + LEASE + SKEW + 1) is None


def test_a_worker_of_an_older_epoch_can_neither_renew_nor_finish(conversations: ConversationStore) -> None:
    claimed(conversations)
    successor = conversations.claim(FIRST, NOW + 60)
    with pytest.raises(LeaseLost):
        conversations.renew(FIRST, 1, NOW + 61, 5_000)
    with pytest.raises(LeaseLost):
        conversations.finish(FIRST, 1, outcome("Too late."))
    assert stored(conversations) == successor


def test_a_turn_that_ended_is_neither_claimed_nor_renewed_nor_ended_by_another(
    conversations: ConversationStore,
) -> None:
    answer(conversations, FIRST)
    before = stored(conversations)
    assert conversations.claim(FIRST, NOW + 1_000) is None
    with pytest.raises(LeaseLost):
        conversations.renew(FIRST, 1, NOW, 5_000)
    with pytest.raises(LeaseLost):
        conversations.finish(FIRST, 2, outcome("Another."))
    assert stored(conversations) == before


def test_an_end_that_is_stored_again_after_its_reply_was_lost_stands(conversations: ConversationStore) -> None:
    claimed(conversations)
    conversations.finish(FIRST, 1, outcome("Once."))
    conversations.finish(FIRST, 1, outcome("Once."))
    assert stored(conversations).outcome == outcome("Once.")


def test_of_two_epochs_that_both_end_the_turn_the_later_one_counts(conversations: ConversationStore) -> None:
    claimed(conversations)
    conversations.claim(FIRST, NOW + 60)

    def finish(number: int) -> bool:
        try:
            conversations.finish(FIRST, number % 2 + 1, outcome(f"Epoch {number % 2 + 1}."))
        except LeaseLost:
            return False
        return True

    assert any(at_once(8, finish))
    assert stored(conversations).outcome == outcome("Epoch 2.")


# ---- how it ended ----------------------------------------------------------------------------------------------------


FULL = Outcome(
    state="done",
    answer="普通员工十四天[1]。👍",
    finish="stop",
    model="a-chat-model",
    sources=[{"id": "1", "title": "年假", "uri": "handbook/zh/annual-leave.md", "score": 0.8123}],
    citations=[{"part": "answer", "start": 7, "end": 10, "source": "1", "quote": "十四天"}],
    usage={"prompt": 812, "completion": 9, "estimated": False},
    timings={"embed": 0.0213, "retrieval": 0.1, "total": 2.5},
)
ENDINGS = {
    "done": FULL,
    "stopped": replace(FULL, finish="stopped", reason="user", answer="普通员工"),
    "failed": Outcome("failed", "Half an", "error", error="model_broken"),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_turns_end_is_stored_whole(conversations: ConversationStore, ending: Outcome) -> None:
    claimed(conversations)
    conversations.finish(FIRST, 1, ending)
    turn = stored(conversations)
    assert turn.outcome == ending
    assert (turn.state, turn.ended, turn.abandoned(NOW + 10**6)) == (ending.state, True, False)
    assert turn.reserved == BLOCK, "a replay begins above every number that was given out"


def test_a_session_remembers_its_last_turns_only(conversations: ConversationStore) -> None:
    for number in range(RECENT + 5):
        answer(conversations, turn_key(f"turn-{number:04}"))
    assert session_of(conversations).recent == tuple(f"turn-{number:04}" for number in range(5, RECENT + 5))


def test_a_turn_that_ends_late_keeps_its_answer_and_leaves_the_session_to_the_next(
    conversations: ConversationStore,
) -> None:
    conversations.activate(FIRST, "lin", NOW)
    claimed(conversations)
    conversations.activate(SECOND, "lin", NOW + 25, instead_of=FIRST.turn)
    conversations.finish(FIRST, 1, outcome("Late, but here."))
    assert conversations.free(FIRST, NOW) is None
    assert stored(conversations).outcome == outcome("Late, but here.")
    assert session_of(conversations).active == SECOND.turn


# ---- memory ----------------------------------------------------------------------------------------------------------


def test_exchanges_come_in_the_order_asked_for(conversations: ConversationStore) -> None:
    for number in range(4):
        answer(conversations, turn_key(f"turn-{number:04}"), f"答 {number}", f"问 {number}？")
    turns = ["turn-0002", "turn-0000", "turn-0003"]
    assert conversations.exchanges("qinghe", "session-1", turns) == [
        Exchange("问 2？", "答 2"),
        Exchange("问 0？", "答 0"),
        Exchange("问 3？", "答 3"),
    ]


def test_turns_without_an_answer_are_no_exchange(conversations: ConversationStore) -> None:
    answer(conversations, FIRST, "")
    conversations.create(question(key=SECOND), "UXcB4dYzFiACJNw=")
    answer(conversations, THIRD, "Yes.")
    turns = [FIRST.turn, SECOND.turn, "turn-none", THIRD.turn]
    assert conversations.exchanges("qinghe", "session-1", turns) == [Exchange("How long?", "Yes.")]
    assert conversations.exchanges("qinghe", "session-1", []) == []
