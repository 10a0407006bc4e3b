from __future__ import annotations

from localcloud.gateway.limits import AWS_LIMITS


def test_the_limits_are_the_services() -> None:
    assert AWS_LIMITS.integration() == 29
    assert AWS_LIMITS.idle() == 600
    assert AWS_LIMITS.life() == 7200
    assert AWS_LIMITS.message_bytes == 131_072
    assert AWS_LIMITS.frame_bytes == 32_768
    assert AWS_LIMITS.authorizer_bytes == 8_192


def test_a_route_may_ask_for_less_time_and_not_for_more() -> None:
    assert AWS_LIMITS.integration(3) == 3
    assert AWS_LIMITS.integration(60) == 29


def test_a_factor_scales_every_time_and_no_size() -> None:
    scaled = AWS_LIMITS.scaled(0.5).scaled(0.02)
    assert (scaled.integration(), scaled.integration(10), scaled.idle(), scaled.life()) == (0.29, 0.1, 6, 72)
    assert scaled.message_bytes == AWS_LIMITS.message_bytes
