from thinkaloud.client import Backoff


def test_limits_double_up_to_the_most():
    delays = Backoff(attempts=6, first=0.5, most=3.0).delays(lambda: 1.0)
    assert list(delays) == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_draw_spreads_them():
    draws = iter([0.0, 0.5, 1.0])
    assert list(Backoff(attempts=4, first=1.0, most=8.0).delays(lambda: next(draws))) == [0.0, 1.0, 4.0]


def test_one_attempt_has_no_delay():
    assert list(Backoff(attempts=1).delays(lambda: 1.0)) == []
