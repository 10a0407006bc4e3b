"""What `make bench` prints, and docs/performance.md, from the results of one run."""

from __future__ import annotations

from benchmarks.cost import read_prices, shares
from benchmarks.figures import table
from benchmarks.results import Results
from benchmarks.stream.bars import EARLY, LATER, POSTS, READ_UNITS, WRITE_UNITS
from benchmarks.stream.run import ANSWERS, COST_POST_MS, COST_RATE, LANES
from benchmarks.stream.script import TOKENS

_PAGE = """\
# Performance

How late is a token, and what does an answer cost? `make bench` measures both, on one machine and in one run, for three
systems that say the same {tokens} tokens, in English and in Chinese by turns:

- **thinkaloud**: the worker of the `turn` function, which posts what has come together since the last post;
- **post-per-token**: one `post_to_connection` for each token, one after the other, through the same client;
- **fastapi**: a plain FastAPI WebSocket under uvicorn, one send a token. It needs a server that runs all the time, and
  shows what the management API in between costs. It makes no posts, so its figures are the same in both halves.

The model is a script that says its tokens on an exact schedule, the management API the local gateway with a post that
takes 10 or 25 ms, the table DynamoDB by moto. Sender, gateway, moto, FastAPI and reader are processes of their own on
one monotonic clock. A token's delay is the time from when the model said it until it stood at the reader's WebSocket.
{lanes} answers run at a time, {answers} in all for each row; a figure is the
median of what it is for each of them.

The machine: {machine}.

## How late a token is

![Delay of a token against tokens a second, for the three systems](performance.svg)

In milliseconds; below each row of Thinkaloud stands the most that it may be. The end lag is the time from the model's
last token until the last text is shown.

{streams}

## What an answer costs

{costs}

Both run the same turn over the same table; only the sender differs. Prices are AWS's list prices, with their sources in
[prices.toml](../benchmarks/prices.toml).

## Cold starts, first frames and retrieval

CPU time is measured on what `sam build` made, each function in a process of its own. Retrieval is one embedding and one
query among 10,000 chunks of the sample handbook's sentences, with term statistics at hand, through the real clients.

{figures}

## Bars

{verdict}

## Run it again

    make bench                       # under five minutes; also writes .build/bench/stream.json
    make bench ARGS=--write-docs     # and writes this page and its chart from that run

A busy machine shows in the tails first: run it while nothing else does.
"""


def streams(results: Results) -> str:
    """The table of delays and posts, all systems beside each other; times in ms."""
    rows = [
        "| tokens/s | ms a post | system | posts | first token, p50 | first second, p95 | after it, p95 | end lag |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for run in results.runs:
        rows.append(
            f"| {run.rate} | {run.post_ms} | {run.system} | {run.posts:g} | {run.first_delay_p50:.1f} "
            f"| {run.early_p95:.1f} | {run.later_p95:.1f} | {run.end_lag:.1f} |"
        )
        if run.system == "thinkaloud":
            rows.append(
                f"| | | *bar* | *{POSTS.get(run.rate, '')}* | *{run.post_ms + 5}* | *{EARLY:g}* | *{LATER:g}* "
                f"| *{1.5 * run.post_ms + 15:g}* |"
            )
    return "\n".join(rows)


def costs(results: Results) -> str:
    """Units of DynamoDB, and the cost at AWS's list prices, by what it is paid for."""
    prices = read_prices()
    parts = list(shares(results.uses["thinkaloud"], prices))
    rows = [
        f"| system | posts | Lambda time | {' | '.join(parts)} | 1,000 answers |",
        f"| --- | ---: | ---: | {' | '.join('---:' for _ in parts)} | ---: |",
    ]
    for system, use in results.uses.items():
        paid = " | ".join(f"${dollars:.4f}" for dollars in shares(use, prices).values())
        rows.append(f"| {system} | {use.posts:g} | {use.seconds:.2f} s | {paid} | **${results.cost[system]:.3f}** |")
    units = "; ".join(f"{name}: {units.write} write, {units.read:g} read" for name, units in results.units.items())
    return (
        f"Capacity units of one six-second answer with five sources ({units}): at most {WRITE_UNITS:g} and "
        f"{READ_UNITS:g}.\n\n"
        f"1,000 answers of {TOKENS} tokens at {COST_RATE} tokens/s and {COST_POST_MS} ms a post, 0.5 GB arm64, without "
        "model and retrieval:\n\n" + "\n".join(rows)
    )


def verdict(results: Results) -> str:
    """Which bars are missed, and by how much."""
    missed = [bar for bar in results.bars if not bar.met]
    if not missed:
        return f"All {len(results.bars)} bars are met."
    return "\n".join([f"Missed, {len(missed)} of {len(results.bars)} bars:", "", *(f"- {bar}" for bar in missed)])


def printed(results: Results) -> str:
    """All of it, as Markdown for a terminal."""
    parts = [results.machine, streams(results), costs(results), _figures(results), verdict(results)]
    return "\n\n".join(parts)


def page(results: Results) -> str:
    """docs/performance.md."""
    return _PAGE.format(
        tokens=TOKENS,
        lanes=LANES,
        answers=", ".join(f"{count} ({system})" for system, count in ANSWERS.items()),
        machine=results.machine,
        streams=streams(results),
        costs=costs(results),
        figures=_figures(results),
        verdict=verdict(results),
    )


def _figures(results: Results) -> str:
    return table([*results.imports.values(), *results.latency])
