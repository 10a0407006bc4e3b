"""The contract of the stores: one suite over the versions in memory and in DynamoDB."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import NOW, outcome, question, turn_key
from thinkaloud.errors import NotYours, SessionBusy
from thinkaloud.state.records import Exchange, Outcome, Turn, TurnKey
from thinkaloud.state.stores import RECENT, ConversationStore

LATER = NOW + 75.0


def answer(conversations: ConversationStore, key: TurnKey, text: str = "Five days.", asked: str = "How long?") -> None:
    """One turn from question to stored answer."""
    recent = conversations.activate(key, "lin", NOW, LATER)
    assert conversations.create(question(asked, key=key))
    assert conversations.claim(key)
    conversations.finish(key, outcome(text), recent)


# ---- one active turn a session ---------------------------------------------------------------------------------------


def test_the_first_question_opens_its_session(conversations: ConversationStore) -> None:
    assert conversations.activate(turn_key(), "lin", NOW, LATER) == ()


def test_a_session_that_is_answering_is_busy_and_says_with_what(conversations: ConversationStore) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, LATER)
    with pytest.raises(SessionBusy) as caught:
        conversations.activate(turn_key("turn-0002"), "lin", NOW + 1, LATER + 1)
    assert caught.value.turn == "turn-0001"


def test_the_active_turn_may_be_asked_again(conversations: ConversationStore) -> None:
    for _ in range(3):
        assert conversations.activate(turn_key(), "lin", NOW, LATER) == ()


def test_a_dead_workers_session_is_free_when_its_time_is_up(conversations: ConversationStore) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, NOW + 75.5)
    with pytest.raises(SessionBusy):
        conversations.activate(turn_key("turn-0002"), "lin", NOW + 75.25, LATER)
    conversations.activate(turn_key("turn-0002"), "lin", NOW + 75.5, LATER + 75)


def test_a_worker_that_lives_keeps_its_session(conversations: ConversationStore) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, NOW + 25)
    conversations.renew(turn_key("turn-0001"), NOW + 50)
    with pytest.raises(SessionBusy):
        conversations.activate(turn_key("turn-0002"), "lin", NOW + 30, LATER)


def test_a_session_that_moved_on_is_not_renewed_for_the_turn_it_left(conversations: ConversationStore) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, NOW + 25)
    conversations.activate(turn_key("turn-0002"), "lin", NOW + 25, NOW + 50)
    conversations.renew(turn_key("turn-0001"), NOW + 500)
    conversations.activate(turn_key("turn-0003"), "lin", NOW + 50, NOW + 75)


def test_a_turn_that_could_not_be_dispatched_frees_its_session(conversations: ConversationStore) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, LATER)
    conversations.release(turn_key("turn-0001"))
    conversations.activate(turn_key("turn-0002"), "lin", NOW, LATER)


def test_releasing_a_turn_that_is_not_active_frees_nothing(conversations: ConversationStore) -> None:
    conversations.release(turn_key("turn-0009"))
    conversations.activate(turn_key("turn-0001"), "lin", NOW, LATER)
    conversations.release(turn_key("turn-0009"))
    with pytest.raises(SessionBusy):
        conversations.activate(turn_key("turn-0002"), "lin", NOW, LATER)


def test_of_twenty_questions_at_once_exactly_one_is_admitted(conversations: ConversationStore) -> None:
    together = threading.Barrier(20)

    def ask(number: int) -> bool:
        together.wait()
        try:
            conversations.activate(turn_key(f"turn-{number:04}"), "lin", NOW, LATER)
        except SessionBusy:
            return False
        return True

    with ThreadPoolExecutor(20) as people:
        assert sum(people.map(ask, range(20))) == 1


# ---- whose session ---------------------------------------------------------------------------------------------------


def test_another_user_of_the_tenant_is_kept_out(conversations: ConversationStore) -> None:
    answer(conversations, turn_key("turn-0001"))
    with pytest.raises(NotYours):
        conversations.activate(turn_key("turn-0002"), "mei", NOW + 1_000, LATER + 1_000)
    with pytest.raises(NotYours):
        conversations.activate(turn_key("turn-0001"), "mei", NOW, LATER)


def test_another_user_learns_nothing_of_a_busy_session_either(conversations: ConversationStore) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, LATER)
    with pytest.raises(NotYours):
        conversations.activate(turn_key("turn-0002"), "mei", NOW, LATER)


def test_two_tenants_may_choose_the_same_ids_and_never_meet(conversations: ConversationStore) -> None:
    ours, theirs = turn_key(tenant="qinghe"), turn_key(tenant="green-mountain")
    answer(conversations, ours, "Ours.")
    assert conversations.get(theirs) is None
    assert conversations.activate(theirs, "lin", NOW, LATER) == ()
    assert conversations.create(question(key=theirs))
    conversations.request_stop(ours, "lin", NOW)
    assert not conversations.stop_requested(theirs, "lin")
    assert conversations.exchanges("green-mountain", ours.session, [ours.turn]) == []


# ---- a turn runs once ------------------------------------------------------------------------------------------------


def test_a_turn_is_stored_as_it_was_asked(conversations: ConversationStore) -> None:
    asked = question(
        "我们部门今年的年假额度是多少？👍",
        locale="zh-CN",
        asked_at=1_763_631_008.214,
        metadata={"page": "/年假", "depth": [1, 2.5, None, {"x": True}], "big": 10**60, "small": 1e-200},
    )
    assert conversations.create(asked)
    assert conversations.get(asked.key) == Turn(asked, "pending")


def test_a_turn_id_is_taken_once_and_keeps_its_first_question(conversations: ConversationStore) -> None:
    assert conversations.create(question("First?"))
    assert not conversations.create(question("Second?", trace="trace-2"))
    found = conversations.get(turn_key())
    assert found is not None
    assert (found.question.text, found.question.trace) == ("First?", "trace-1")


def test_there_is_no_turn_that_nobody_asked(conversations: ConversationStore) -> None:
    assert conversations.get(turn_key()) is None
    assert not conversations.claim(turn_key())


def test_a_turn_is_claimed_once(conversations: ConversationStore) -> None:
    conversations.create(question())
    assert conversations.claim(turn_key())
    assert not conversations.claim(turn_key())
    found = conversations.get(turn_key())
    assert found is not None
    assert found.state == "running"


def test_of_ten_workers_one_runs_the_turn(conversations: ConversationStore) -> None:
    conversations.create(question())
    together = threading.Barrier(10)

    def claim(_: int) -> bool:
        together.wait()
        return conversations.claim(turn_key())

    with ThreadPoolExecutor(10) as workers:
        assert sum(workers.map(claim, range(10))) == 1


def test_a_turn_that_ended_is_not_claimed_again(conversations: ConversationStore) -> None:
    answer(conversations, turn_key())
    assert not conversations.claim(turn_key())


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


@pytest.mark.parametrize(
    "ending", [FULL, Outcome("failed", "Half an", "error", error="model_broken")], ids=["done", "failed"]
)
def test_a_turns_end_is_stored_whole(conversations: ConversationStore, ending: Outcome) -> None:
    conversations.activate(turn_key(), "lin", NOW, LATER)
    conversations.create(question())
    conversations.claim(turn_key())
    conversations.finish(turn_key(), ending, ())
    assert conversations.get(turn_key()) == Turn(question(), ending.state, ending)


def test_an_ended_turn_frees_its_session_and_is_remembered(conversations: ConversationStore) -> None:
    answer(conversations, turn_key("turn-0001"))
    answer(conversations, turn_key("turn-0002"))
    assert conversations.activate(turn_key("turn-0003"), "lin", NOW, LATER) == ("turn-0001", "turn-0002")


def test_a_session_remembers_its_last_turns_only(conversations: ConversationStore) -> None:
    for number in range(RECENT + 5):
        answer(conversations, turn_key(f"turn-{number:04}"))
    recent = conversations.activate(turn_key("turn-last"), "lin", NOW, LATER)
    assert recent == tuple(f"turn-{number:04}" for number in range(5, RECENT + 5))


def test_a_turn_that_ends_late_keeps_its_answer_and_leaves_the_session_to_the_next(
    conversations: ConversationStore,
) -> None:
    conversations.activate(turn_key("turn-0001"), "lin", NOW, NOW + 25)
    conversations.create(question(key=turn_key("turn-0001")))
    conversations.claim(turn_key("turn-0001"))
    conversations.activate(turn_key("turn-0002"), "lin", NOW + 25, NOW + 50)
    conversations.finish(turn_key("turn-0001"), outcome("Late, but here."), ())
    late = conversations.get(turn_key("turn-0001"))
    assert late is not None
    assert late.outcome == outcome("Late, but here.")
    with pytest.raises(SessionBusy):
        conversations.activate(turn_key("turn-0003"), "lin", NOW + 30, LATER)


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
    answer(conversations, turn_key("turn-0001"), "")
    conversations.create(question(key=turn_key("turn-0002")))
    answer(conversations, turn_key("turn-0003"), "Yes.")
    turns = ["turn-0001", "turn-0002", "turn-none", "turn-0003"]
    assert conversations.exchanges("qinghe", "session-1", turns) == [Exchange("How long?", "Yes.")]
    assert conversations.exchanges("qinghe", "session-1", []) == []


# ---- stop ------------------------------------------------------------------------------------------------------------


def test_nobody_asked_to_stop(conversations: ConversationStore) -> None:
    conversations.activate(turn_key(), "lin", NOW, LATER)
    assert not conversations.stop_requested(turn_key(), "lin")


def test_a_stop_is_seen_by_the_turn_it_is_for(conversations: ConversationStore) -> None:
    conversations.activate(turn_key(), "lin", NOW, LATER)
    conversations.request_stop(turn_key(), "lin", NOW)
    conversations.request_stop(turn_key(), "lin", NOW + 1)
    assert conversations.stop_requested(turn_key(), "lin")
    assert not conversations.stop_requested(turn_key("turn-0002"), "lin")


def test_a_stop_may_come_before_its_turn(conversations: ConversationStore) -> None:
    conversations.request_stop(turn_key(), "lin", NOW)
    conversations.activate(turn_key(), "lin", NOW, LATER)
    conversations.create(question())
    assert conversations.stop_requested(turn_key(), "lin")


def test_another_user_cannot_stop_a_session(conversations: ConversationStore) -> None:
    conversations.activate(turn_key(), "lin", NOW, LATER)
    with pytest.raises(NotYours):
        conversations.request_stop(turn_key(), "mei", NOW)
    assert not conversations.stop_requested(turn_key(), "lin")


def test_before_the_session_exists_a_strangers_stop_neither_stops_it_nor_hides_the_owners(
    conversations: ConversationStore,
) -> None:
    conversations.request_stop(turn_key("turn-0001"), "mei", NOW)
    conversations.request_stop(turn_key("turn-0002"), "lin", NOW)
    conversations.request_stop(turn_key("turn-0002"), "mei", NOW)
    assert not conversations.stop_requested(turn_key("turn-0001"), "lin")
    assert conversations.stop_requested(turn_key("turn-0002"), "lin")
