"""A run: every question of a set with what came of it, and the figures it makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evaluation.cases import Case
from evaluation.metrics import Share, percentile, total
from evaluation.observation import Observation
from evaluation.scores import METRICS, Judgement, Measure, scores

#: What a run did not measure is None.
Figures = dict[str, float | None]
#: What answered: names of models, counts, seconds.
Setup = dict[str, str | int | float]

#: The stages of a turn, in order, whose durations are reported.
STAGES = ("rewrite", "embed", "search", "rerank", "retrieval", "first_token", "generation", "total")


@dataclass(frozen=True)
class Result:
    """One question, asked and scored."""

    case: Case
    seen: Observation
    scores: dict[str, Share]


@dataclass(frozen=True)
class Run:
    """A whole run. `setup` says what answered; `notes` are lines for a person."""

    name: str
    results: tuple[Result, ...]
    measure: Measure
    setup: Setup = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> list[Result]:
        """The questions that could not be asked to the end."""
        return [result for result in self.results if result.seen.error]

    def figures(self) -> Figures:
        """Every figure under its name: `hit@1`, and for one language of several `zh/hit@1`.

        Follow-ups among others have `follow_up/hit@1`, and all of them `unrewritten/hit@1` for what their own words
        alone find. Durations are in milliseconds, `search_p50_ms`.
        """
        found = summary(self.results)
        languages = sorted({result.case.language for result in self.results})
        if len(languages) > 1:
            for language in languages:
                found |= _under(language, (result for result in self.results if result.case.language == language))
        follow_ups = [result for result in self.results if result.case.follows_up]
        if 0 < len(follow_ups) < len(self.results):
            found |= _under("follow_up", follow_ups)
        return {"questions": len(self.results), "errors": len(self.errors), **found, **self._durations()}

    def _durations(self) -> Figures:
        found: Figures = {}
        alone = [result.seen.timings for result in self.results if result.seen.timings]
        for stage in STAGES:
            seconds = [timings[stage] for timings in alone if stage in timings]
            for percent in (50, 95):
                value = percentile(seconds, percent)
                if value is not None:
                    found[f"{stage}_p{percent}_ms"] = round(value * 1000, 2)
        return found


def result_of(case: Case, seen: Observation, judged: Judgement | None = None) -> Result:
    """Score what came of a question."""
    return Result(case, seen, scores(case, seen, judged))


def summary(results: Iterable[Result]) -> Figures:
    """The figures of some results, by name, in the order of reports, rounded to four digits.

    Abstention is only measured where the set has questions of both kinds: among questions that all have an answer every
    abstention is wrong, whatever the system does.
    """
    results = list(results)
    kinds = {result.case.answerable for result in results}
    found: Figures = {}
    for metric in METRICS:
        figure = total(result.scores[metric.name] for result in results if metric.name in result.scores)
        if metric.name == "abstention_precision" and len(kinds) < 2:
            figure = None
        found[metric.name] = _rounded(figure)
    for name in dict.fromkeys(name for result in results for name in result.scores if "/" in name):
        found[name] = _rounded(total(result.scores[name] for result in results if name in result.scores))
    return found


def _under(group: str, results: Iterable[Result]) -> Figures:
    measured = ((name, figure) for name, figure in summary(results).items() if figure is not None)
    return {f"{group}/{name}": figure for name, figure in measured if "/" not in name}


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
