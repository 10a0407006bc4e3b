"""`make load`: many turns at once, each by a worker of its own in this process. Is anything lost, and how late is it?

The workers are the real ones, with stores in memory and a management endpoint that takes a fixed time a post. In Lambda
each would have a process: this shows what the code costs, and that turns do not get in each other's way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import time
from collections import defaultdict
from dataclasses import dataclass

from benchmarks.figures import machine
from benchmarks.stream.script import Schedule, ScheduledChat, script
from benchmarks.stream.timeline import Piece, Timeline, percentile, shown_times
from benchmarks.stream.worker import PROMPT_TOKENS, answer_over, retriever
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.work.means import Stores
from thinkaloud.gateway.poster import Poster
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.telemetry import logger

#: Seconds over which the questions come in: people do not press a key in the same millisecond.
SPREAD = 2.0


@dataclass(frozen=True)
class Load:
    """So many turns at once, each of so many tokens at so many a second, and how long a post takes, in seconds."""

    turns: int = 200
    tokens: int = 300
    rate: float = 30.0
    post: float = 0.010

    def __str__(self) -> str:
        return f"{self.turns} turns of {self.tokens} tokens at {self.rate:g}/s, {self.post * 1000:g} ms a post"


@dataclass(frozen=True)
class Outcome:
    """What became of them: a timeline for each that came whole, and what is wrong with each that did not."""

    load: Load
    whole: tuple[Timeline, ...]
    lost: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.load}: {len(self.lost)} lost", *self.lost[:5]]
        if self.whole:
            delays = [delay for answer in self.whole for delay in answer.delays]
            p50, p95, p99 = (percentile(delays, share) for share in (0.50, 0.95, 0.99))
            ends = percentile((answer.end_lag for answer in self.whole), 0.95)
            posts = percentile((answer.posts for answer in self.whole), 0.5)
            lines.append(f"a token's added delay: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms")
            lines.append(f"the last text's added delay: p95 {ends:.0f} ms; posts an answer: {posts:.0f}")
        return "\n".join(lines)


class Readers:
    """The management endpoint, and everybody at the other end: keeps what came, by connection, and when."""

    def __init__(self, seconds: float) -> None:
        self.heard: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        self._seconds = seconds

    async def post(self, connection: str, data: str) -> None:
        """Take a post."""
        await asyncio.sleep(self._seconds)
        self.heard[connection].append((time.monotonic(), data))


async def measure(load: Load, readers: Readers | None = None, spread: float = SPREAD) -> Outcome:
    """Put the load on this process, and look at what came of every turn."""
    readers = readers or Readers(load.post)
    stores = Stores(MemoryConversations(), MemoryJournal(), MemoryControl(), MemoryConnections())
    finder, said = await retriever("en"), script("en")[: load.tokens]

    async def one(number: int) -> Timeline | str:
        await asyncio.sleep(random.uniform(0.0, spread))
        schedule = Schedule(said, load.rate)
        abilities = Abilities(finder, ScheduledChat(schedule), PROMPT_TOKENS)
        names = {"connection": f"connection-{number}", "session": f"session-{number}", "turn": f"turn-{number:05}"}
        await answer_over(stores, poster, abilities, "en", **names)
        return _judged(said, tuple(schedule.times), readers.heard[names["connection"]])

    poster: Poster = readers
    found = await asyncio.gather(*(one(number) for number in range(load.turns)))
    whole = tuple(each for each in found if isinstance(each, Timeline))
    return Outcome(load, whole, tuple(each for each in found if isinstance(each, str)))


def _judged(said: tuple[str, ...], times: tuple[float, ...], heard: list[tuple[float, str]]) -> Timeline | str:
    """The timeline of an answer that came whole; what is wrong with any other."""
    cursor, pieces, finals = 0, [], []
    for at, data in heard:
        frame = json.loads(data)
        if "seq" not in frame:
            continue
        if frame.get("from", frame["seq"]) != cursor + 1:
            return f"frame {frame['seq']} came after frame {cursor}"
        cursor = frame["seq"]
        if frame["type"] == "text":
            pieces.append(Piece(at, frame["content"]))
        elif frame["type"] in ("complete", "error"):
            finals.append(frame.get("finish", frame["type"]))
    if finals != ["stop"]:
        return f"the turn ended as {finals}"
    try:
        return Timeline(times, shown_times(said, pieces), len(heard))
    except ValueError as error:
        return str(error)


def main() -> None:
    """Print how many turns were lost, and how late their tokens were; fails if one was."""
    default = Load()
    parser = argparse.ArgumentParser(prog="make load", description="many turns at once in one process")
    parser.add_argument("--turns", type=int, default=default.turns)
    parser.add_argument("--tokens", type=int, default=default.tokens)
    parser.add_argument("--rate", type=float, default=default.rate, help="tokens a second of each turn")
    parser.add_argument("--post-ms", type=float, default=default.post * 1000, help="what a post takes")
    options = parser.parse_args()
    logger().setLevel(logging.CRITICAL)
    described = machine()
    load = Load(options.turns, options.tokens, options.rate, options.post_ms / 1000)
    outcome = asyncio.run(measure(load))
    print(f"{outcome}\n{described}")
    if outcome.lost:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
