"""A client is told to move on in the last ten minutes of its two hours, and not before."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from thinkaloud.gateway.rotation import CONNECTION_LIFE, ROTATE_BEFORE, rotate_due

OPENED_MS = int(NOW * 1_000)


@pytest.mark.parametrize(
    ("age", "left"),
    [
        (0.0, None),
        (3_600.0, None),
        (CONNECTION_LIFE - ROTATE_BEFORE, None),
        (CONNECTION_LIFE - ROTATE_BEFORE + 0.5, 599.5),
        (7_000.0, 200.0),
        (CONNECTION_LIFE, 0.0),
        (CONNECTION_LIFE + 60.0, 0.0),
    ],
)
def test_what_is_left_of_two_hours(age: float, left: float | None) -> None:
    assert rotate_due(OPENED_MS, NOW + age) == left


def test_an_age_that_is_not_known_is_no_reason_to_move() -> None:
    assert rotate_due(None, NOW) is None


def test_a_clock_that_is_behind_is_no_reason_to_move() -> None:
    assert rotate_due(OPENED_MS, NOW - 86_400.0) is None
