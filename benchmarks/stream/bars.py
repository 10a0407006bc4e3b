"""What the stream promises, and where a run stays behind it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.stream.timeline import Run

#: Tokens a second -> most posts an answer of 300 tokens may take.
POSTS = {50: 80, 100: 50, 250: 28}
#: Most milliseconds that a token may be late, 95th percentile: in the first second of text, and after it.
EARLY, LATER = 75.0, 125.0
#: Units of DynamoDB for one answer of six seconds, and US dollars for 1,000 answers of five.
WRITE_UNITS, READ_UNITS = 16.0, 12.0
COST_PER_1000 = 0.12


@dataclass(frozen=True)
class Bar:
    """One figure of one run beside the most that it may be."""

    name: str
    value: float
    most: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure stays within its bar."""
        return self.value <= self.most

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g}{self.unit}, at most {self.most:g}{self.unit}"


def bars(run: Run) -> list[Bar]:
    """The bars of one run of Thinkaloud."""
    where = f"{run.rate} tokens/s, {run.post_ms} ms a post"
    found = [
        Bar(f"end lag at {where}", run.end_lag, 1.5 * run.post_ms + 15, " ms"),
        Bar(f"first token's delay, p50, at {where}", run.first_delay_p50, run.post_ms + 5, " ms"),
        Bar(f"delay in the first second, p95, at {where}", run.early_p95, EARLY, " ms"),
        Bar(f"delay after it, p95, at {where}", run.later_p95, LATER, " ms"),
    ]
    if run.rate in POSTS:
        found.append(Bar(f"posts an answer at {where}", run.posts, POSTS[run.rate]))
    return found
