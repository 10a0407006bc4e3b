"""Two runs over the same questions: which figures differ, how sure that is, and which questions became worse.

The runs are paired: the same question was asked in both. How far a difference could be chance is told by a bootstrap
over questions (Efron and Tibshirani 1993) and by the sign test, which only counts who became better and who worse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.errors import RunError
from evaluation.metrics import Share
from evaluation.saved import SavedResult, SavedRun
from evaluation.scores import METRICS, Metric

#: How often questions are drawn anew.
RESAMPLES = 2_000
_SEED = 20_240_229
#: Resamples worked on at once, which bounds the memory that thousands of questions take.
_ROWS = 100


@dataclass(frozen=True)
class Difference:
    """One figure in both runs. `low` to `high` holds 95 % of the resampled differences; `p` is the sign test's."""

    metric: Metric
    before: float
    after: float
    low: float
    high: float
    better: int
    worse: int
    p: float

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def certain(self) -> bool:
        """Whether chance alone is an unlikely reason: the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Change:
    """A question whose scores differ between the runs."""

    before: SavedResult
    after: SavedResult
    worse: tuple[str, ...]
    better: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What differs. `changes` begin with what became worst; `only` counts questions that one run alone has."""

    before: SavedRun
    after: SavedRun
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    common: int
    only: int

    @property
    def worse(self) -> list[Change]:
        """The questions that became worse in anything."""
        return [change for change in self.changes if change.worse]


def compare(before: SavedRun, after: SavedRun) -> Comparison:
    """Compare two runs over the questions that both have.

    Raises:
        RunError: they have none in common.
    """
    ids = [
        key for key, one in before.results.items() if (same := after.results.get(key)) and same.question == one.question
    ]
    if not ids:
        raise RunError(f"{before.name} and {after.name} have no question in common")
    pairs = [(before.results[key], after.results[key]) for key in ids]
    differences = (difference(metric, pairs) for metric in METRICS)
    changes = [change for pair in pairs if (change := _change(*pair)) is not None]
    changes.sort(key=lambda change: (len(change.better) - len(change.worse), change.before.id))
    return Comparison(
        before,
        after,
        tuple(found for found in differences if found is not None),
        tuple(changes),
        len(ids),
        len(before.results) + len(after.results) - 2 * len(ids),
    )


def difference(metric: Metric, pairs: Sequence[tuple[SavedResult, SavedResult]]) -> Difference | None:
    """How a figure differs; None where one of the runs does not have it."""
    one = [pair[0].scores.get(metric.name) for pair in pairs]
    other = [pair[1].scores.get(metric.name) for pair in pairs]
    first, second = _columns(one), _columns(other)
    if not first[:, 1].sum() or not second[:, 1].sum():
        return None
    before, after = first[:, 0].sum() / first[:, 1].sum(), second[:, 0].sum() / second[:, 1].sum()
    low, high = _interval(first, second)
    signs = [_sign(metric, *shares) for shares in zip(one, other, strict=True)]
    better, worse = signs.count(1), signs.count(-1)
    return Difference(metric, float(before), float(after), low, high, better, worse, sign_test(better, worse))


def sign_test(better: int, worse: int) -> float:
    """How likely a split at least as uneven is where better and worse are equally likely; ties are left out.

    https://en.wikipedia.org/wiki/Sign_test
    """
    count = better + worse
    tail = sum(math.comb(count, k) for k in range(min(better, worse) + 1))
    return float(min(1.0, 2 * tail / 2**count)) if count < 1_000 else _normal_tail(better, worse)


def _normal_tail(better: int, worse: int) -> float:
    """The same by the normal approximation with its continuity correction, where exact powers leave floating point."""
    return math.erfc(max(0.0, abs(better - worse) - 1) / math.sqrt(better + worse) / math.sqrt(2))


Columns = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def _columns(shares: Iterable[Share | None]) -> Columns:
    """A row (part, whole) a question; one without a part in the figure weighs nothing."""
    return np.array([(share.part, share.whole) if share else (0.0, 0.0) for share in shares], dtype=np.float64)


def _interval(first: Columns, second: Columns) -> tuple[float, float]:
    count = len(first)
    random = np.random.default_rng(_SEED)
    found: list[float] = []
    for _ in range(0, RESAMPLES, _ROWS):
        drawn = random.multinomial(count, [1 / count] * count, size=_ROWS)
        one, other = drawn @ first, drawn @ second
        usable = (one[:, 1] > 0) & (other[:, 1] > 0)
        found.extend((other[usable, 0] / other[usable, 1] - one[usable, 0] / one[usable, 1]).tolist())
    low, high = np.percentile(found, [2.5, 97.5]) if found else (0.0, 0.0)
    return float(low), float(high)


def _sign(metric: Metric, before: Share | None, after: Share | None) -> int:
    """1 where a question became better by a metric, -1 where worse, 0 where it is the same or one run has no score."""
    if before is None or after is None or not before.whole or not after.whole:
        return 0
    gain = after.part / after.whole - before.part / before.whole
    if abs(gain) < 1e-9:
        return 0
    return 1 if (gain > 0) != metric.lower_is_better else -1


def _change(before: SavedResult, after: SavedResult) -> Change | None:
    signs = {
        metric.label: _sign(metric, before.scores.get(metric.name), after.scores.get(metric.name)) for metric in METRICS
    }
    worse = tuple(label for label, sign in signs.items() if sign < 0)
    better = tuple(label for label, sign in signs.items() if sign > 0)
    return Change(before, after, worse, better) if worse or better else None
