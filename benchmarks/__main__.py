"""`make bench`: measure, print tables, and say which bars are missed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

from benchmarks import imports, latency, retrieval
from benchmarks.chart import chart
from benchmarks.cost import Use, per_1000, read_prices
from benchmarks.figures import machine
from benchmarks.report import page, printed
from benchmarks.results import Results
from benchmarks.stream import run as stream
from benchmarks.stream import units as stream_units

_ROOT = Path(__file__).parents[1]
_JSON = _ROOT / ".build" / "bench" / "stream.json"
_DOCS = _ROOT / "docs"


def measure() -> Results:
    """Every figure. What counts CPU comes first and alone; what counts seconds comes one after the other."""
    described = machine()  # first, since it tells how busy the machine was before
    _say("imports")
    cpu = imports.measure()
    _say("first frame and first token on localhost")
    first = latency.measure()
    _say("retrieval among 10,000 chunks")
    first += retrieval.measure()
    _say("units of DynamoDB")
    units = stream_units.measure()
    streams = stream.measure(_say)
    most = max(units.values(), key=lambda each: each.write)
    uses = {
        system: Use(run.posts, mean(answer.seconds for answer in run.answers), most.write, most.read)
        for system, run in streams.cost.items()
    }
    prices = read_prices()
    cost = {system: per_1000(use, prices) for system, use in uses.items()}
    return Results(described, streams.runs, units, uses, cost, cpu, first)


def main() -> None:
    """Print every figure of this run beside its bar. Nothing fails: figures of a shared machine are for reading."""
    parser = argparse.ArgumentParser(prog="make bench", description="measure, and print each figure beside its bar")
    parser.add_argument("--write-docs", action="store_true", help="write docs/performance.md and its chart, too")
    options = parser.parse_args()
    results = measure()
    print(printed(results))
    _JSON.parent.mkdir(parents=True, exist_ok=True)
    _JSON.write_text(results.to_json() + "\n")
    if options.write_docs:
        (_DOCS / "performance.md").write_text(page(results))
        (_DOCS / "performance.svg").write_text(chart(results.runs))


def _say(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
