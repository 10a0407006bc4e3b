"""Whatever fails on the way, every reader who stays sees the model's answer once, whole and in order.

2,000 cases in every run of the tests; `make fuzz` tries many more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.stream.world import PRINCIPAL, SESSION, Death, Piece, Plan, Tab, World
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.work.job import TurnJob
from thinkaloud.state.records import TurnKey
from thinkaloud.telemetry import logger

#: The default of 100 is for small properties; a profile may ask for more than this one tries by itself.
CASES = max(2_000, settings().max_examples)
TURNS = ("turn-0001", "turn-0002", "turn-0003")


#: Seconds: as many jumps of a clock as there may be, one way.
LONGER_THAN_ANY_JUMP = 400.0


@dataclass(frozen=True)
class Deed:
    """Something that happens after so many seconds, to or by one of two tabs, about one of the turns."""

    after: float
    what: str
    tab: int
    turn: int


DEEDS_KNOWN = [
    *("ask", "ask", "stop", "resume", "resume", "resume-twice", "second-connection", "cut", "leave", "ping"),
    *("crash", "again", "last-try", "table-silent", "no-end-stored", "no-end-stored"),
    *("worker-clock-on", "worker-clock-back", "reception-clock-on", "reception-clock-back"),
]
SHORT = ["年假", "十四天。", "👍🏽", "👩‍👩‍👧", "e\u0301 ", 'a "b"\\\n', "word ", "长" * 300]
#: The last one is more than a frame holds. It is rare, as it takes long to count its tokens.
WORDS = [*SHORT, *SHORT, *SHORT, "大" * 10_000]
PIECES = st.lists(
    st.builds(
        Piece,
        st.sampled_from(WORDS),
        st.sampled_from([0.0, 0.001, 0.02, 0.06, 0.3, 2.0, 11.0, 40.0]),
    ),
    min_size=1,
    max_size=8,
)
FAULTS = st.lists(st.sampled_from(["ok", "ok", "429", "late", "lost", "gone"]), max_size=12)
DEATHS = st.lists(
    st.none()
    | st.builds(
        Death,
        st.sampled_from(["claim", "look", "exchanges", "write", "renew", "finish", "finish", "free", "read"]),
        st.sampled_from([1, 1, 2, 3]),
        st.booleans(),
    ),
    max_size=4,
)
DEEDS = st.lists(
    st.builds(
        Deed,
        st.sampled_from([0.0, 0.0, 0.013, 0.1, 0.7, 3.0, 17.5, 70.0]),
        st.sampled_from(DEEDS_KNOWN),
        st.integers(0, 1),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    max_size=8,
)
PLANS = st.builds(
    Plan,
    pieces=PIECES,
    faults=FAULTS,
    deaths=DEATHS,
    refusals=st.lists(st.booleans(), max_size=2),
    latency=st.sampled_from([0.0, 0.01, 0.4]),
    busy=st.sampled_from(["reject", "queue", "interrupt"]),
    large_source=st.sampled_from([False, False, False, True]),
    seconds=st.sampled_from([900.0, 900.0, 25.0]),
)


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    logger().setLevel(logging.CRITICAL)
    yield
    logger().setLevel(logging.INFO)


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS, DEEDS)
def test_nothing_is_lost_and_nothing_comes_twice(plan: Plan, deeds: list[Deed]) -> None:
    for ending in in_virtual_time(life(plan, deeds), thread=0.004):
        event(ending)


async def life(plan: Plan, deeds: list[Deed]) -> list[str]:
    world = World(plan)
    tabs = [Tab(world, "first"), Tab(world, "second")]
    if not any(deed.what == "ask" and deed.turn == 0 for deed in deeds):
        tabs[0].ask(TURNS[0])
    for deed in deeds:
        await asyncio.sleep(deed.after)
        happen(world, tabs[deed.tab], deed)
    await world.rest(at_most=1_500.0)
    if left := [key for key in keys() if (turn := world.conversations.get(key)) and not turn.ended]:
        # Lambda's tries are over, or came while a clock was wrong: the next word of a client has such a turn closed.
        await asyncio.sleep(LONGER_THAN_ANY_JUMP)
        later = Tab(world, "later")
        for key in left:
            later.ping(key.turn)
        await world.rest(at_most=1_500.0)
    return check(world, deeds)


def keys() -> list[TurnKey]:
    return [TurnKey(PRINCIPAL.tenant, SESSION, turn) for turn in TURNS]


#: What must pass without a reader noticing: no post is lost for good, nobody dies and no clock jumps.
MILD = {"ask", "stop", "resume", "resume-twice", "second-connection", "ping", "again"}


def is_mild(plan: Plan) -> bool:
    """Whether the plan holds nothing but failures that the sender makes good by itself."""
    return "gone" not in plan.faults and not any(plan.deaths) and plan.busy == "reject" and plan.seconds == 900.0


def happen(world: World, tab: Tab, deed: Deed) -> None:
    turn = TURNS[deed.turn]
    key = TurnKey(PRINCIPAL.tenant, SESSION, turn)
    match deed.what:
        case "ask":
            tab.ask(turn)
        case "stop":
            tab.stop(turn)
        case "resume":
            tab.resume(turn)
        case "resume-twice":
            tab.resume(turn)
            tab.resume(turn)
        case "second-connection":
            tab.connect()
            tab.resume(turn)
        case "cut":
            tab.cut()
        case "leave":
            tab.leave()
        case "ping":
            tab.ping(turn)
        case "crash":
            world.crash()
        case "again":
            world.invoke(TurnJob(key))
        case "last-try":
            world.invoke(TurnJob(key, last_try=True))
        case "table-silent":
            world.table_silent_until = asyncio.get_running_loop().time() + 20.0
            world.disturbed = True
        case "no-end-stored":
            world.ends_refused_until = asyncio.get_running_loop().time() + (3.0 if deed.tab else 90.0)
        case "worker-clock-on" | "worker-clock-back":
            world.worker_jump += 40.0 if deed.what.endswith("on") else -40.0
            world.disturbed = True
        case "reception-clock-on" | "reception-clock-back":
            world.reception_jump += 40.0 if deed.what.endswith("on") else -40.0
            world.disturbed = True


def check(world: World, deeds: list[Deed]) -> list[str]:
    endings: list[str] = []
    assert world.trouble == []
    assert world.streams == 0, "a connection to the model is left open"
    model = "".join(piece.text for piece in world.plan.pieces)
    stopped = {TURNS[deed.turn] for deed in deeds if deed.what == "stop"}
    last_tries = {TURNS[deed.turn] for deed in deeds if deed.what == "last-try"}
    for turn in TURNS:
        key = TurnKey(PRINCIPAL.tenant, SESSION, turn)
        follows = [tab.follows[turn] for tab in world.tabs if tab.here and turn in tab.follows]
        follows = [follow for follow in follows if not follow.refused]
        stored = world.conversations.get(key)
        if stored is None:
            assert follows == []
            continue
        if not stored.ended:
            assert follows == [], "somebody heard of a turn that never ended"
            continue
        assert world.finished[key] == 1, "an answer is stored, and paid for, once"
        assert stored.outcome is not None
        for follow in follows:
            assert len(follow.finals) == 1
            assert follow.text == stored.outcome.answer
        endings.append(f"{stored.outcome.finish} {stored.outcome.reason or stored.outcome.error or ''}")
        assert model.startswith(stored.outcome.answer)
        match stored.outcome.finish:
            case "stop":
                assert stored.outcome.answer == model
            case "stopped" if stored.outcome.reason == "user":
                assert turn in stopped
            case "stopped" if stored.outcome.reason == "superseded":
                assert world.plan.busy == "interrupt"
            case "stopped":
                assert stored.outcome.reason == "deadline"
                assert world.plan.seconds < 900
            case _:
                assert stored.outcome.error == "crashed"
                assert world.disturbed or turn in last_tries
    if not world.disturbed:
        asked = [turn for turn in TURNS if world.conversations.get(TurnKey(PRINCIPAL.tenant, SESSION, turn))]
        assert world.model_calls <= len(asked), "a question is put to the model once"
    if is_mild(world.plan) and {deed.what for deed in deeds} <= MILD:
        assert world.silences == 0, "a turn went on in silence, and only asking for it again helped"
        assert [tab.unanswered for tab in world.tabs] == [set(), set()], "every resume has its reply"
    return endings
