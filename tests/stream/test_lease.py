"""The right to write a turn, by a clock that never jumps."""

from __future__ import annotations

from tests.builders import NOW, question
from thinkaloud.state.records import BLOCK, LEASE, Turn
from thinkaloud.stream.lease import RENEW_BEFORE, Lease


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lease_of(clock: Clock, epoch: int = 1, reserved: int = BLOCK, seconds: float = LEASE) -> Lease:
    turn = Turn(question(), "c", "running", epoch, NOW + seconds, reserved)
    return Lease(turn, 100.0, clock, seconds)


def test_a_claim_gives_a_block_of_numbers() -> None:
    assert lease_of(Clock()).first == 1
    later = lease_of(Clock(), epoch=3, reserved=2_700 + BLOCK)
    assert (later.first, later.reserved) == (2_701, 2_700 + BLOCK)


def test_it_holds_from_when_it_was_asked_for_and_not_a_moment_longer() -> None:
    clock = Clock()
    lease = lease_of(clock)
    clock.now = 100.0 + LEASE - 0.001
    assert lease.valid
    clock.now = 100.0 + LEASE
    assert not lease.valid


def test_what_ran_out_is_not_made_good_by_a_renewal_that_comes_back_late() -> None:
    clock = Clock()
    lease = lease_of(clock)
    clock.now = 100.0 + LEASE
    assert not lease.valid
    lease.renewed(granted=clock.now - 0.5, reserved=2_000)
    assert not lease.valid


def test_it_is_renewed_in_good_time() -> None:
    clock = Clock()
    lease = lease_of(clock)
    assert not lease.wants_renewal(last=10)
    clock.now = 100.0 + LEASE - RENEW_BEFORE
    assert lease.wants_renewal(last=10)
    lease.renewed(clock.now, 1_010)
    assert not lease.wants_renewal(last=10)
    clock.now += LEASE - 0.001
    assert lease.valid


def test_a_short_one_is_renewed_at_half_its_time() -> None:
    clock = Clock()
    lease = lease_of(clock, seconds=2.0)
    assert not lease.wants_renewal(last=10)
    clock.now = 101.0
    assert lease.wants_renewal(last=10)


def test_it_is_renewed_when_numbers_run_out() -> None:
    lease = lease_of(Clock())
    assert not lease.wants_renewal(last=BLOCK // 2)
    assert lease.wants_renewal(last=BLOCK // 2 + 1)


def test_once_the_end_is_stored_it_does_not_run_out() -> None:
    clock = Clock()
    lease = lease_of(clock)
    lease.settle()
    clock.now += 10 * LEASE
    assert lease.valid
