from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from benchmarks.chart import chart
from benchmarks.cost import Use
from benchmarks.figures import Figure
from benchmarks.report import page, printed
from benchmarks.results import Results
from benchmarks.stream.timeline import SYSTEMS, Run, Timeline
from benchmarks.stream.units import Units

FUNCTIONS = ("authorizer", "connect", "disconnect", "default", "turn")


def run(system: str, post_ms: int, rate: int) -> Run:
    """300 tokens, each shown 20 ms after it was said, but the first after 12.3."""
    said = tuple(number / rate for number in range(300))
    shown = (0.01234, *(at + 0.02 for at in said[1:]))
    return Run(system, post_ms, rate, (Timeline(said, shown, posts=40, seconds=5.0),))  # type: ignore[arg-type]


@pytest.fixture
def results() -> Results:
    return Results(
        machine="Linux x86_64, 2 cores, Python 3.13.0",
        runs=[run(system, post_ms, rate) for post_ms in (10, 25) for rate in (50, 100, 250) for system in SYSTEMS],
        units={"en": Units(12, 11.5), "zh": Units(17, 11.0)},
        uses={"thinkaloud": Use(60, 5.0, 17, 11), "post-per-token": Use(300, 5.0, 17, 11)},
        cost={"thinkaloud": 0.11049, "post-per-token": 0.35},
        imports={name: Figure(f"{name}: CPU", (100.04,), "ms", 250) for name in FUNCTIONS},
        latency=[Figure("first token", (80.0,), "ms", 150)],
    )


def test_the_json_has_exactly_the_agreed_shape(results: Results) -> None:
    document = json.loads(results.to_json())
    assert set(document) == {"runs", "units", "cost_per_1000_usd", "imports_ms"}
    assert len(document["runs"]) == 18
    assert document["runs"][0] == {
        "system": "thinkaloud",
        "post_ms": 10,
        "rate": 50,
        "posts": 40,
        "end_lag_ms": 20.0,
        "token_delay_p95_ms": 20.0,
        "first_delay_p50_ms": 12.3,
    }
    assert document["units"] == {"write": 17, "read": 11.5}
    assert document["cost_per_1000_usd"] == {"thinkaloud": 0.1105, "post-per-token": 0.35}
    assert document["imports_ms"] == dict.fromkeys(FUNCTIONS, 100.0)


def test_a_missed_bar_is_listed_with_both_figures(results: Results) -> None:
    text = printed(results)
    assert "- write units an answer: 17, at most 16" in text
    assert "- posts an answer at 250 tokens/s, 25 ms a post: 40, at most 28" in text
    assert "posts an answer at 50 tokens/s" not in text


def test_the_page_names_the_machine_and_how_to_run_it_again(results: Results) -> None:
    text = page(results)
    assert "Linux x86_64, 2 cores, Python 3.13.0" in text
    assert "make bench ARGS=--write-docs" in text
    assert "performance.svg" in text
    assert all(
        len(line) <= 120 for line in text.splitlines() if not line.startswith(("|", "Capacity", "1,000", "The m"))
    )


def test_the_chart_is_well_formed_and_has_a_line_a_system_in_each_panel(results: Results) -> None:
    drawn = ElementTree.fromstring(chart(results.runs))
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 * len(SYSTEMS)
    assert all(len(line.attrib["points"].split()) == 3 for line in lines)
