from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cost import Prices, Use, per_1000, read_prices, shares

PRICES = Prices(gb_second=0.01, request=0.001, message=0.1, connection_minute=6.0, write_unit=1.0, read_unit=0.5)


def test_an_answer_pays_for_each_thing_it_uses() -> None:
    use = Use(posts=8, seconds=2.0, write_units=3, read_units=4, memory_gb=0.5)
    assert shares(use, PRICES) == pytest.approx(
        {
            "messages": 1_000 * (8 + 2) * 0.1,
            "connection": 1_000 * 2 / 60 * 6,
            "Lambda": 1_000 * (2 * 0.001 + 2.0 * 0.5 * 0.01),
            "DynamoDB": 1_000 * (3 + 2),
        }
    )
    assert per_1000(use, PRICES) == pytest.approx(1_000 + 200 + 12 + 5_000)


def test_one_post_per_token_costs_about_what_the_design_says() -> None:
    # $1 a million messages alone make $0.30 of 300 posts, 1,000 times.
    assert per_1000(Use(300, 5.0, 16, 12), read_prices()) == pytest.approx(0.36, abs=0.02)


def test_prices_are_of_one_unit_in_dollars() -> None:
    prices = read_prices()
    assert prices.message == 1e-6
    assert prices.gb_second == 0.0000133334


def test_a_price_that_is_missing_is_named(tmp_path: Path) -> None:
    table = tmp_path / "prices.toml"
    table.write_text("[lambda]\ngb_second = 1\n[websocket]\n[dynamodb]\n")
    with pytest.raises(KeyError, match="million_requests"):
        read_prices(table)
