"""One worker and its turn: what it sends, keeps, hears and stores, and when it must stop. In virtual time."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from tests.builders import NOW, match, principal, question, turn_key
from tests.dialogue.players import retrieval
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.work.job import RecordingDispatcher, TurnJob
from thinkaloud.dialogue.work.means import Rhythm, Stores
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.errors import DispatchFailed, EndNotStored, Gone, LeaseHeld, StorageError
from thinkaloud.knowledge.retrieval.search import Retrieval, Search
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import BLOCK, LEASE, SKEW, Connection, Outcome, Reader, Segment, Turn, TurnKey
from thinkaloud.stream.journal import entries_of
from thinkaloud.stream.lease import MOST_EPOCHS

HERE, THERE = "here=", "there="
FIRST, SECOND, THIRD = turn_key("turn-0001"), turn_key("turn-0002"), turn_key("turn-0003")
Script = Sequence[tuple[str, float]]
WORDS: Script = [(f"word{number} ", 0.1) for number in range(100)]
TEXT = "".join(word for word, _ in WORDS)


class House:
    """A worker with its stores, a gateway that delivers what it gets, and a model that plays a script."""

    def __init__(self, script: Script = WORDS, **rhythm: float) -> None:
        self.conversations = MemoryConversations()
        self.journal = MemoryJournal()
        self.control = MemoryControl()
        self.connections = MemoryConnections()
        self.dispatcher = RecordingDispatcher()
        self.heard: defaultdict[str, list[tuple[float, dict[str, Any]]]] = defaultdict(list)
        self.gone: set[str] = set()
        self.calls = 0
        self.closed_at = 0.0
        self.jump = 0.0
        self._script = script
        self.worker = self.another(**rhythm)

    def another(self, **rhythm: float) -> Worker:
        models: Any = self
        return Worker(
            Stores(self.conversations, self.journal, self.control, self.connections),
            self,
            Abilities(models, models, prompt_tokens=4_000),
            self.dispatcher,
            rhythm=Rhythm(**rhythm),
            clock=self.clock,
        )

    def closer(self) -> Worker:
        """The failure destination's worker, which has no model."""
        stores = Stores(self.conversations, self.journal, self.control, self.connections)
        return Worker(stores, self, None, self.dispatcher, clock=self.clock)

    def clock(self) -> float:
        return NOW + self.jump + now()

    def ask(self, key: TurnKey = FIRST, text: str = "How long?") -> None:
        self.conversations.activate(key, "lin", self.clock())
        self.conversations.create(question(text, key=key, asked_at=self.clock()), HERE)

    def attach(self, connection: str, after: int = 0, key: TurnKey = FIRST) -> None:
        self.control.attach(key, Reader(connection, after, "7", self.clock()))

    async def post(self, connection: str, data: str) -> None:
        await asyncio.sleep(0.005)
        if connection in self.gone:
            raise Gone("410")
        self.heard[connection].append((now(), json.loads(data)))

    name = "scripted"

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        self.calls += 1
        try:
            for word, pause in self._script:
                if pause < 0:
                    raise RuntimeError("the model's code fails")
                await asyncio.sleep(pause)
                yield Delta(word)
            yield Finish("stop", None)
        finally:
            self.closed_at = now()

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        return retrieval([match()])

    def frames(self, connection: str = HERE, key: TurnKey = FIRST) -> list[dict[str, Any]]:
        """The turn's frames as a client keeps them: in order, each once, from the last new beginning on."""
        ours = [frame for _, frame in self.heard[connection] if frame.get("turn") == key.turn]
        found = {frame["seq"]: frame for frame in ours if "seq" in frame}
        kept: list[dict[str, Any]] = []
        for number in sorted(found):
            kept = [] if found[number]["type"] == "reset" else [*kept, found[number]]
        return kept

    def text(self, connection: str = HERE, key: TurnKey = FIRST) -> str:
        return "".join(frame["content"] for frame in self.frames(connection, key) if frame["type"] == "text")

    def last(self, connection: str = HERE, key: TurnKey = FIRST) -> dict[str, Any]:
        return self.frames(connection, key)[-1]

    def turn(self, key: TurnKey = FIRST) -> Turn:
        turn = self.conversations.get(key)
        assert turn is not None
        return turn

    def outcome(self, key: TurnKey = FIRST) -> Outcome:
        outcome = self.turn(key).outcome
        assert outcome is not None
        return outcome


def now() -> float:
    return asyncio.get_running_loop().time()


def live(scenario: Callable[[House], Awaitable[None]], script: Script = WORDS, **rhythm: float) -> House:
    """Run a scenario with a house in which the first turn has been asked."""

    async def life() -> House:
        house = House(script, **rhythm)
        house.ask()
        await scenario(house)
        return house

    return in_virtual_time(life(), thread=0.004)


async def works(house: House) -> None:
    await house.worker.work(TurnJob(FIRST))


def while_it_works(deed: Callable[[House], None], after: float, **job: Any) -> Callable[[House], Awaitable[None]]:
    async def scenario(house: House) -> None:
        asyncio.get_running_loop().call_later(after, deed, house)
        await house.worker.work(TurnJob(FIRST, **job))

    return scenario


# ---- an answer -------------------------------------------------------------------------------------------------------


def test_an_answer_is_sent_kept_and_stored_and_its_session_is_free() -> None:
    house = live(works)
    assert house.text() == house.outcome().answer == TEXT
    assert house.last()["type"] == "complete"
    assert (house.outcome().state, house.outcome().finish) == ("done", "stop")
    session = house.conversations.session("qinghe", "session-1")
    assert session is not None
    assert (session.active, session.recent) == (None, (FIRST.turn,))
    ranges = [(frame.get("from", frame["seq"]), frame["seq"]) for frame in house.frames()]
    assert [first for first, _ in ranges] == [1, *(last + 1 for _, last in ranges)][:-1]


def test_the_whole_turn_is_in_the_journal_when_it_is_over() -> None:
    house = live(works)
    entries = entries_of(house.journal.read(FIRST))
    assert [entry.seq for entry in entries] == list(range(1, house.last()["seq"] + 1))
    assert entries[-1].frame.type == "complete"
    assert "".join(entry.frame.content for entry in entries if entry.frame.type == "text") == TEXT


def test_while_it_is_written_the_journal_is_about_a_second_behind() -> None:
    async def scenario(house: House) -> None:
        working = asyncio.create_task(works(house))
        for _ in range(8):
            await asyncio.sleep(1.05)
            written = max((entry.seq for entry in entries_of(house.journal.read(FIRST))), default=0)
            behind = [at for at, frame in house.heard[HERE] if frame.get("seq", 0) > written]
            assert not behind or now() - behind[0] < 1.2
        await working

    live(scenario)


def test_the_end_is_stored_before_anybody_hears_of_it() -> None:
    async def scenario(house: House) -> None:
        post = house.post

        async def posting(connection: str, data: str) -> None:
            if json.loads(data)["type"] == "complete":
                assert house.turn().ended
                session = house.conversations.session("qinghe", "session-1")
                assert session is not None
                assert session.active is None
            await post(connection, data)

        house.post = posting  # type: ignore[method-assign]
        await works(house)

    assert live(scenario).last()["type"] == "complete"


def test_more_frames_than_a_claim_reserves_get_numbers_in_time() -> None:
    house = live(works, [(f"word{number} ", 0.3) for number in range(1_500)])
    assert house.last()["seq"] > BLOCK + 400
    assert house.text() == house.outcome().answer
    assert house.turn().reserved >= house.last()["seq"]


# ---- readers ---------------------------------------------------------------------------------------------------------


def test_a_reader_that_comes_later_hears_where_it_stands_and_then_the_rest() -> None:
    house = live(while_it_works(lambda house: house.attach(THERE), after=5.0))
    kinds = [frame["type"] for _, frame in house.heard[THERE]]
    assert kinds[0] == "resumed"
    assert house.heard[THERE][0][0] < 5.0 + 0.6
    resumed = house.heard[THERE][0][1]
    assert (resumed["re"], resumed["state"], resumed["from"]) == ("7", "running", 1)
    assert house.text(THERE) == house.text(HERE) == TEXT
    assert len(house.heard[THERE]) < len(house.heard[HERE])


def test_whoever_comes_while_the_end_is_being_stored_is_served() -> None:
    class Late(MemoryConversations):
        house: House

        def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
            super().finish(key, epoch, outcome)
            self.house.attach(THERE, 3)

    async def scenario(house: House) -> None:
        late = Late()
        late.house = house
        house.conversations = late
        house.worker = house.another()
        house.ask()
        await works(house)

    house = live(scenario)
    assert house.last(THERE)["type"] == "complete"
    assert house.heard[THERE][0][1]["type"] == "resumed"


def test_a_410_has_the_worker_look_at_once_who_else_is_there() -> None:
    def leaves(house: House) -> None:
        house.gone.add(HERE)
        house.attach(THERE, 10)

    house = live(while_it_works(leaves, after=5.27))
    assert HERE not in house.connections.items
    first = house.heard[THERE][0][0]
    assert first < 5.27 + 0.2
    assert house.last(THERE)["type"] == "complete"


def test_a_connection_that_answers_410_is_forgotten_so_that_its_seat_is_free() -> None:
    async def scenario(house: House) -> None:
        who = principal(user="lin")
        for connection in (HERE, THERE):
            house.connections.put(Connection(connection, who, int(NOW), int(NOW) + 7_800), most=10)
        house.gone.add(HERE)
        await works(house)
        assert set(house.connections.items) == {THERE}
        house.gone.add(THERE)
        await house.worker.work(TurnJob(FIRST, Reader(THERE, 0, "9", NOW)))
        assert house.connections.items == {}

    live(scenario)


def test_a_connection_that_cannot_be_forgotten_just_now_costs_nothing() -> None:
    class Broken(MemoryConnections):
        def forget(self, connection: str) -> None:
            raise StorageError("no answer")

    async def scenario(house: House) -> None:
        house.connections = Broken()
        house.gone.add(HERE)
        await house.another().work(TurnJob(FIRST))

    assert live(scenario).outcome().answer == TEXT


def test_when_nobody_listens_the_turn_goes_on_and_its_answer_waits() -> None:
    house = live(while_it_works(lambda house: house.gone.add(HERE), after=2.0))
    assert house.outcome().answer == TEXT
    assert house.calls == 1


def test_or_ends_after_a_grace_period_where_it_is_set_to() -> None:
    house = live(while_it_works(lambda house: house.gone.add(HERE), after=2.0), abandon=3.0)
    assert house.outcome().finish == "stopped"
    assert 5.0 < house.closed_at < 6.0


def test_who_comes_back_within_the_grace_period_keeps_the_turn_alive() -> None:
    def leaves(house: House) -> None:
        house.gone.add(HERE)
        asyncio.get_running_loop().call_later(2.0, house.attach, THERE)

    house = live(while_it_works(leaves, after=2.0), abandon=3.0)
    assert house.outcome().finish == "stop"
    assert house.text(THERE) == TEXT


# ---- stop ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0.0, 0.05, 3.0])
def test_a_stop_closes_the_model_within_a_second_and_keeps_what_was_said(after: float) -> None:
    house = live(while_it_works(lambda house: house.control.stop(FIRST, "lin", house.clock()), after=after))
    assert house.closed_at < after + 1.0
    assert (house.last()["finish"], house.last()["reason"]) == ("stopped", "user")
    assert house.last()["usage"]["estimated"]
    assert house.text() == house.outcome().answer
    assert TEXT.startswith(house.outcome().answer)


def test_a_stop_before_the_worker_costs_no_model_call() -> None:
    async def scenario(house: House) -> None:
        house.control.stop(FIRST, "lin", house.clock())
        await works(house)

    house = live(scenario)
    assert house.calls == 0
    assert (house.last()["finish"], house.outcome().answer) == ("stopped", "")


def test_a_strangers_stop_is_not_heeded() -> None:
    house = live(while_it_works(lambda house: house.control.stop(FIRST, "mei", house.clock()), after=1.0))
    assert house.outcome().finish == "stop"


def test_a_superseded_turn_says_so() -> None:
    house = live(while_it_works(lambda house: house.control.supersede(FIRST, house.clock()), after=1.0))
    assert (house.last()["finish"], house.last()["reason"]) == ("stopped", "superseded")


def test_a_turn_near_the_functions_deadline_is_closed_with_what_it_has() -> None:
    async def scenario(house: House) -> None:
        assert await house.worker.work(TurnJob(FIRST), seconds=15.0) == 1

    house = live(scenario)
    assert (house.last()["finish"], house.last()["reason"]) == ("stopped", "deadline")
    assert 5.0 < house.closed_at < 6.0
    assert house.text() == house.outcome().answer != ""


# ---- the lease -------------------------------------------------------------------------------------------------------


def test_a_worker_that_lost_its_lease_stops_and_stores_nothing() -> None:
    def stolen(house: House) -> None:
        house.jump = 60.0
        assert house.conversations.claim(FIRST, house.clock()) is not None

    house = live(while_it_works(stolen, after=1.0), [("word ", 0.1)] * 400)
    assert house.turn().epoch == 2
    assert not house.turn().ended
    assert house.closed_at < LEASE
    assert max(at for at, _ in house.heard[HERE]) < LEASE
    assert {frame["type"] for _, frame in house.heard[HERE]} <= {"status", "source", "text"}


def test_a_worker_that_cannot_renew_its_lease_posts_nothing_once_it_has_run_out() -> None:
    class Deaf(MemoryConversations):
        def renew(self, *arguments: Any, **options: Any) -> None:
            raise StorageError("no answer")

    async def scenario(house: House) -> None:
        house.conversations = Deaf()
        house.worker = house.another()
        house.ask()
        await works(house)

    house = live(scenario, [("word ", 0.1)] * 400)
    assert 14.0 < max(at for at, _ in house.heard[HERE]) < LEASE + 0.1
    assert LEASE <= house.closed_at < LEASE + 1.0
    assert not house.turn().ended


def test_what_an_older_epoch_would_store_is_refused() -> None:
    async def scenario(house: House) -> None:
        working = asyncio.create_task(works(house))
        await asyncio.sleep(9.8)
        house.jump = 60.0
        successor = house.conversations.claim(FIRST, house.clock())
        assert successor is not None
        await working
        house.conversations.finish(FIRST, successor.epoch, Outcome("done", "the successor's", "stop"))

    house = live(scenario)
    assert house.outcome().answer == "the successor's"
    assert [frame for _, frame in house.heard[HERE] if frame["type"] == "complete"] == []


@pytest.mark.parametrize("pause", [8.0, 7.999, 7.995, 7.99, 7.985, 7.98])
def test_a_renewal_at_the_very_end_does_not_keep_the_last_frame_back(pause: float) -> None:
    """It is refused, as the turn has ended, which must not be taken for a lost lease."""
    house = live(works, [("word", pause)], look=0.001)
    assert house.last()["type"] == "complete"


def test_a_slow_readers_last_frames_come_after_the_lease_would_have_run_out() -> None:
    async def scenario(house: House) -> None:
        post = house.post

        async def slow(connection: str, data: str) -> None:
            await asyncio.sleep(8.0)
            await post(connection, data)

        house.post = slow  # type: ignore[method-assign]
        await works(house)

    house = live(scenario, [("word ", 0.1)] * 10)
    assert house.last()["type"] == "complete"
    assert house.heard[HERE][-1][0] > LEASE + SKEW


# ---- crashes and second deliveries -----------------------------------------------------------------------------------


async def crash(house: House, after: float) -> None:
    """A worker dies after so many seconds, and its lease runs out."""
    working = asyncio.create_task(house.another().work(TurnJob(FIRST)))
    await asyncio.sleep(after)
    working.cancel()
    await asyncio.wait({working})
    await asyncio.sleep(LEASE + SKEW + 1.0)


def test_the_next_worker_starts_over_above_every_number_of_the_dead_one() -> None:
    async def scenario(house: House) -> None:
        await crash(house, after=4.0)
        assert house.text() != ""
        await works(house)

    house = live(scenario)
    reset = next(frame for _, frame in house.heard[HERE] if frame["type"] == "reset")
    assert (reset["step"], reset["seq"]) == (0, BLOCK + 1)
    assert house.text() == house.outcome().answer == TEXT
    assert house.calls == 2


def test_after_the_last_try_there_is_one_typed_error_and_the_partial_answer_is_kept() -> None:
    async def scenario(house: House) -> None:
        for _ in range(MOST_EPOCHS):
            await crash(house, after=4.0)
        await works(house)

    house = live(scenario)
    assert (house.last()["type"], house.last()["code"]) == ("error", "crashed")
    assert house.last()["message"] == "The answer broke off on our side. Please ask again."
    assert house.text() == house.outcome().answer != ""
    assert TEXT.startswith(house.outcome().answer)
    assert (house.outcome().state, house.outcome().error) == ("failed", "crashed")
    assert len(house.outcome().sources) == 1
    assert house.calls == MOST_EPOCHS


def test_the_failure_destination_closes_a_turn_without_asking_the_model_again() -> None:
    async def scenario(house: House) -> None:
        working = asyncio.create_task(house.another().work(TurnJob(FIRST)))
        await asyncio.sleep(4.0)
        working.cancel()
        await asyncio.wait({working})
        with pytest.raises(LeaseHeld):
            await house.worker.close(TurnJob(FIRST))
        await asyncio.sleep(60.0)
        await house.worker.close(TurnJob(FIRST))
        await house.worker.close(TurnJob(FIRST))

    house = live(scenario)
    assert house.calls == 1
    assert house.last()["code"] == house.outcome().error == "crashed"


def test_a_second_delivery_while_the_turn_runs_does_nothing() -> None:
    async def scenario(house: House) -> None:
        both = await asyncio.gather(*(house.another().work(TurnJob(FIRST)) for _ in range(2)))
        assert sorted(both) == [0, 1]

    house = live(scenario)
    assert house.calls == 1
    assert house.text() == TEXT


def test_a_second_delivery_after_the_end_replays_to_who_asked_and_does_nothing_else() -> None:
    async def scenario(house: House) -> None:
        await works(house)
        before = len(house.heard[HERE])
        assert await house.worker.work(TurnJob(FIRST)) == 0
        assert await house.worker.work(TurnJob(FIRST, Reader(THERE, 3, "9", NOW))) == 0
        assert len(house.heard[HERE]) == before

    house = live(scenario)
    assert house.calls == 1
    resumed = house.heard[THERE][0][1]
    assert (resumed["type"], resumed["re"], resumed["state"], resumed["from"]) == ("resumed", "9", "done", 4)
    assert resumed["to"] == house.last(THERE)["seq"] == house.last(HERE)["seq"]
    assert house.text(THERE) == TEXT
    assert len(house.heard[THERE]) < 12, "deltas are replayed in ranges"


def test_a_turn_that_ended_without_freeing_its_session_does_so_on_the_next_delivery() -> None:
    async def scenario(house: House) -> None:
        claimed = house.conversations.claim(FIRST, house.clock())
        assert claimed is not None
        house.conversations.finish(FIRST, claimed.epoch, Outcome("done", "Done.", "stop"))
        house.conversations.enqueue(SECOND, behind=FIRST.turn)
        house.conversations.create(question(key=SECOND), HERE)
        assert await house.worker.work(TurnJob(FIRST)) == 1

    house = live(scenario)
    assert house.outcome(SECOND).answer == TEXT


# ---- the queue -------------------------------------------------------------------------------------------------------


def waiting(house: House) -> None:
    for key in (SECOND, THIRD):
        house.conversations.enqueue(key, behind=FIRST.turn)
        house.conversations.create(question(key=key, asked_at=house.clock()), HERE)


def test_the_worker_goes_on_with_what_waits() -> None:
    house = live(while_it_works(waiting, after=2.0))
    assert [house.outcome(key).answer for key in (FIRST, SECOND, THIRD)] == [TEXT] * 3
    session = house.conversations.session("qinghe", "session-1")
    assert session is not None
    assert (session.active, session.queue, session.recent) == (None, (), (FIRST.turn, SECOND.turn, THIRD.turn))


def test_what_cannot_be_begun_in_time_is_left_to_another_worker() -> None:
    async def scenario(house: House) -> None:
        asyncio.get_running_loop().call_later(2.0, waiting, house)
        assert await house.worker.work(TurnJob(FIRST), seconds=30.0) == 1
        assert house.turn(SECOND).state == "pending"
        assert house.dispatcher.jobs == [TurnJob(SECOND)]
        assert await house.another().work(TurnJob(SECOND)) == 2

    assert live(scenario).outcome(THIRD).answer == TEXT


@pytest.mark.parametrize("stored", [False, True], ids=["it closes the turn", "the turn has ended"])
def test_what_waits_behind_a_turn_that_is_closed_begins_at_once(stored: bool) -> None:
    async def scenario(house: House) -> None:
        claimed = house.conversations.claim(FIRST, house.clock())
        assert claimed is not None
        waiting(house)
        if stored:
            house.conversations.finish(FIRST, claimed.epoch, Outcome("done", "Done.", "stop"))
        house.jump = LEASE + SKEW + 1
        await house.closer().close(TurnJob(FIRST))

    house = live(scenario)
    assert house.dispatcher.jobs == [TurnJob(SECOND)]
    session = house.conversations.session("qinghe", "session-1")
    assert session is not None
    assert (session.active, session.queue) == (SECOND.turn, (THIRD.turn,))


def test_what_cannot_be_handed_over_is_left_for_its_clients_next_word() -> None:
    class Refusing(RecordingDispatcher):
        def dispatch(self, job: TurnJob) -> None:
            raise DispatchFailed("429")

    async def scenario(house: House) -> None:
        house.conversations.claim(FIRST, house.clock())
        waiting(house)
        house.jump = LEASE + SKEW + 1
        house.dispatcher = Refusing()
        await house.closer().close(TurnJob(FIRST))

    assert live(scenario).outcome().error == "crashed"


@pytest.mark.parametrize("closing", [True, False], ids=["by settle", "by the next try"])
def test_a_worker_that_died_with_what_had_waited_is_followed_there(closing: bool) -> None:
    async def scenario(house: House) -> None:
        asyncio.get_running_loop().call_later(2.0, waiting, house)
        working = asyncio.create_task(works(house))
        await asyncio.sleep(13.0)  # the first takes ten
        assert house.turn(SECOND).state == "running"
        working.cancel()
        await works(house)
        assert house.turn(SECOND).epoch == 1, "its lease still runs"
        house.jump = LEASE + SKEW + 1
        await (house.closer().close(TurnJob(FIRST)) if closing else works(house))
        if closing:
            assert house.dispatcher.jobs == [TurnJob(SECOND)]
            await house.another().work(house.dispatcher.jobs[0])

    house = live(scenario)
    assert [house.outcome(key).answer for key in (FIRST, SECOND, THIRD)] == [TEXT] * 3


# ---- a table that fails ----------------------------------------------------------------------------------------------


class Refusing(MemoryConversations):
    """Takes no end of a turn for so many attempts."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise StorageError("ValidationException")
        super().finish(key, epoch, outcome)


class Blocked(MemoryJournal):
    """Takes nothing while it is blocked."""

    blocked = False

    def write(self, key: TurnKey, item: Segment, now: float) -> None:
        if self.blocked:
            raise StorageError("no answer")
        super().write(key, item, now)


def refusing(house: House, refusals: int) -> Refusing:
    house.conversations = conversations = Refusing(refusals)
    house.ask()
    house.worker = house.another()
    return conversations


def test_an_end_that_is_refused_for_a_moment_is_stored_when_it_is_not() -> None:
    async def scenario(house: House) -> None:
        refusing(house, 4)
        await works(house)

    house = live(scenario)
    assert (house.calls, house.outcome().answer, house.last()["type"]) == (1, TEXT, "complete")
    session = house.conversations.session("qinghe", "session-1")
    assert session is not None
    assert session.active is None


def test_an_end_that_is_refused_stands_in_the_journal_and_nobody_answers_again() -> None:
    async def scenario(house: House) -> None:
        conversations = refusing(house, 10_000)
        house.conversations.enqueue(SECOND, behind=FIRST.turn)
        house.conversations.create(question(key=SECOND, asked_at=house.clock()), HERE)
        with pytest.raises(EndNotStored):
            await works(house)
        told = len(house.heard[HERE])
        assert (house.last()["type"], house.last()["finish"], house.text()) == ("complete", "stop", TEXT)
        assert not house.turn().ended
        session = house.conversations.session("qinghe", "session-1")
        assert session is not None
        assert session.active == FIRST.turn, "nothing goes on before it is stored"
        conversations.refusals = 0
        house.jump = LEASE + SKEW + 1
        await house.another().work(TurnJob(FIRST, Reader(THERE, 3, "9", NOW)))
        first = [frame for _, frame in house.heard[HERE][told:] if frame.get("turn") == FIRST.turn]
        assert first == [], "who has the end is not told again"

    house = live(scenario)
    assert house.calls == 2, "one for each turn"
    final = house.last()
    outcome = house.outcome()
    assert (outcome.state, outcome.answer, outcome.finish, outcome.model) == ("done", TEXT, "stop", final["model"])
    assert (outcome.usage, outcome.timings) == (final["usage"], final["timings"])
    assert [source["title"] for source in outcome.sources] == ["Refunds"]
    assert house.text(THERE) == TEXT
    assert [frame["type"] for _, frame in house.heard[THERE]].count("complete") == 1
    assert house.outcome(SECOND).answer == TEXT


@pytest.mark.parametrize("closing", [True, False], ids=["by settle", "by the next try"])
def test_an_error_that_is_refused_is_stored_from_the_journal_as_well(closing: bool) -> None:
    async def scenario(house: House) -> None:
        conversations = refusing(house, 10_000)
        with pytest.raises(EndNotStored):
            await works(house)
        conversations.refusals = 0
        house.jump = LEASE + SKEW + 1
        await (house.closer().close(TurnJob(FIRST)) if closing else works(house))

    house = live(scenario, [*WORDS[:5], ("", -1.0)])
    assert house.calls == 1
    assert (house.outcome().state, house.outcome().error) == ("failed", house.last()["code"]) == ("failed", "internal")
    assert house.outcome().answer == house.text() == TEXT[: len(house.text())] != ""


def test_an_end_that_is_nowhere_is_told_to_nobody_and_the_turn_is_answered_anew() -> None:
    async def scenario(house: House) -> None:
        conversations = refusing(house, 10_000)
        house.journal = journal = Blocked()
        house.worker = house.another()
        journal.blocked = True
        with pytest.raises(EndNotStored):
            await works(house)
        assert "complete" not in {frame["type"] for _, frame in house.heard[HERE]}
        conversations.refusals, journal.blocked = 0, False
        house.jump = LEASE + SKEW + 1
        await works(house)

    house = live(scenario)
    assert house.calls == 2
    assert (house.text(), house.outcome().answer) == (TEXT, TEXT)
    assert [frame["type"] for _, frame in house.heard[HERE]].count("complete") == 1


def test_a_journal_that_fails_costs_the_replay_and_not_the_answer() -> None:
    class Broken(MemoryJournal):
        def write(self, key: TurnKey, item: Segment, now: float) -> None:
            raise StorageError("no answer")

    async def scenario(house: House) -> None:
        house.journal = Broken()
        house.worker = house.another()
        await house.worker.work(TurnJob(FIRST))
        await house.worker.work(TurnJob(FIRST, Reader(THERE, 5, "9", NOW)))

    house = live(scenario)
    assert house.text(HERE) == house.text(THERE) == TEXT
    assert house.heard[THERE][1][1]["type"] == "reset"


def test_looks_that_fail_for_a_while_end_nothing() -> None:
    class Flaky(MemoryControl):
        looks = 0

        def look(self, key: TurnKey, *, consistent: bool = False) -> Any:
            self.looks += 1
            if self.looks < 12:
                raise StorageError("no answer")
            return super().look(key, consistent=consistent)

    async def scenario(house: House) -> None:
        house.control = Flaky()
        house.worker = house.another()
        await works(house)

    assert live(scenario).text() == TEXT


# ---- many at once ----------------------------------------------------------------------------------------------------


def test_of_fifty_who_ask_at_once_nobody_waits_twice_as_long_for_the_first_word_as_one_alone() -> None:
    """With a worker for each, as Lambda gives them: what turns share (stores, poster, model) holds none of them up."""

    async def scenario(house: House) -> None:
        async def first_word(number: int) -> float:
            key = turn_key(f"turn-{number:05}", session=f"burst-{number:04}")
            began = now()
            house.ask(key)
            assert await house.another().work(TurnJob(key)) == 1
            return next(at for at, frame in house.heard[HERE] if is_text_of(key, frame)) - began

        alone = await first_word(0)
        waits = sorted(await asyncio.gather(*map(first_word, range(1, 51))))
        assert waits[int(0.95 * len(waits))] <= 2 * alone

    house = live(scenario)
    assert house.calls == 51


def is_text_of(key: TurnKey, frame: dict[str, Any]) -> bool:
    return frame.get("turn") == key.turn and frame["type"] == "text"


# ---- memory ----------------------------------------------------------------------------------------------------------


def test_a_worker_keeps_nothing_of_the_turns_it_has_seen_to() -> None:
    async def scenario(house: House) -> None:
        async def turns(first: int, last: int) -> None:
            for number in range(first, last):
                key = turn_key(f"turn-{number:05}", session=f"session-{number}")
                house.ask(key)
                assert await house.worker.work(TurnJob(key)) == 1
                house.heard.clear()
                house.journal.segments.clear()
                house.conversations._turns.clear()
                house.conversations._sessions.clear()

        await turns(0, 20)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        await turns(20, 220)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < 5_000_000

    live(scenario, WORDS[:10])
