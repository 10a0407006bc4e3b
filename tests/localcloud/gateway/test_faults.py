from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from localcloud.gateway.faults import FaultPlan, Faults


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Clock) -> Faults:
    return Faults(clock)


def strikes(faults: Faults, posts: int, connection: str = "a") -> list[int]:
    """The numbers of the posts that are struck."""
    return [number for number in range(posts) if faults.strike(connection) is not None]


def test_without_a_plan_nothing_is_struck(faults: Faults) -> None:
    assert strikes(faults, 100) == []


def test_a_plan_for_all_strikes_every_connection(faults: Faults) -> None:
    faults.set(FaultPlan(status=429))
    assert strikes(faults, 3, "a") == [0, 1, 2]
    assert strikes(faults, 3, "b") == [0, 1, 2]


def test_a_connections_own_plan_alone_counts_for_it(faults: Faults) -> None:
    faults.set(FaultPlan(status=429))
    faults.set(FaultPlan(status=410, count=1), "a")
    assert [faults.strike("a"), faults.strike("a")] == [FaultPlan(status=410, count=1), None]
    assert faults.strike("b") == FaultPlan(status=429)


def test_a_count_ends_the_plan(faults: Faults) -> None:
    faults.set(FaultPlan(status=410, count=2))
    assert strikes(faults, 5) == [0, 1]


def test_the_first_posts_may_pass(faults: Faults) -> None:
    faults.set(FaultPlan(cut=True, after=3, count=1))
    assert strikes(faults, 10) == [3]


def test_a_duration_ends_the_plan(faults: Faults, clock: Clock) -> None:
    faults.set(FaultPlan(status=429, duration_s=20))
    clock.now += 19.9
    assert strikes(faults, 1) == [0]
    clock.now += 0.1
    assert strikes(faults, 1) == []


def test_a_probability_strikes_that_share_of_posts_and_the_same_ones_with_the_same_seed(faults: Faults) -> None:
    rounds = []
    for seed in (7, 7, 8):
        faults.set(FaultPlan(status=429, probability=0.3, seed=seed))
        rounds.append(strikes(faults, 1000))
    assert rounds[0] == rounds[1] != rounds[2]
    assert 250 < len(rounds[0]) < 350


def test_clearing_one_plan_leaves_the_others(faults: Faults) -> None:
    faults.set(FaultPlan(drop=True))
    faults.set(FaultPlan(cut=True), "a")
    faults.clear("a")
    assert faults.get("a") is None
    assert faults.get() == FaultPlan(drop=True)
    faults.set(FaultPlan(cut=True), "a")
    faults.clear_all()
    assert faults.get("a") is faults.get() is None


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({}, "does nothing"),
        ({"status": 429, "drop": True}, "exclude each other"),
        ({"drop": True, "cut": True}, "exclude each other"),
        ({"drop": True, "deliver": True}, "deliver goes with status"),
        ({"status": 418}, "status"),
        ({"status": 429, "probability": 1.5}, "probability"),
        ({"status": 429, "count": 0}, "count"),
        ({"status": 429, "duration_s": 0}, "duration_s"),
        ({"delay_ms": -1}, "delay_ms"),
        ({"delay_ms": float("inf")}, "delay_ms"),
        ({"drop": True, "surprise": 1}, "surprise"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        FaultPlan(**fields)
