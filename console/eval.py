"""`thinkaloud eval` and `thinkaloud variants`: questions whose answers are known, asked of the real turn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from console.failures import plainly

#: What `--json` alone means: the figures to standard output.
STDOUT = "-"


class EvalCommand(TyperCommand):
    """A command whose `--json` may stand without a value, which typer's options cannot.

    `--json` is followed by a file to write only where that is `-`, a file that is not there yet, or an older run; a set
    of questions after it is a set of questions.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a bare `--json` its value."""
        return super().parse_args(ctx, with_json_value(args))


def with_json_value(args: list[str]) -> list[str]:
    """`--json SET` -> `--json=- SET`; everything else as it is."""
    found = []
    for place, argument in enumerate(args):
        following = args[place + 1] if place + 1 < len(args) else ""
        bare = argument == "--json" and not _may_be_written(following)
        found.append(f"--json={STDOUT}" if bare else argument)
    return found


def _may_be_written(following: str) -> bool:
    from evaluation.saved import is_run

    if following == STDOUT:
        return True
    path = Path(following)
    return following != "" and not following.startswith("-") and (not path.exists() or is_run(path))


Corpus = Annotated[
    Path | None,
    typer.Option(help="The documents to ask: another set with its paragraphs, a folder, or a file.", metavar="FILE"),
]
Limit = Annotated[int | None, typer.Option(help="Ask only the first N questions.", metavar="N", min=1)]
Sample = Annotated[
    int | None, typer.Option(help="Ask only N questions, drawn at random; the same each time.", metavar="N", min=1)
]
Concurrency = Annotated[
    int, typer.Option(help="Questions under way at once, after the first 50.", metavar="N", min=1, max=64)
]


def evaluate(
    sets: Annotated[
        list[Path],
        typer.Argument(
            help="Questions: JSON Lines, or a SQuAD-style file; several are asked as one. With --compare: two runs.",
            metavar="DATASET...",
        ),
    ],
    corpus: Corpus = None,
    json_file: Annotated[
        str | None,
        typer.Option(
            "--json",
            help="The figures as JSON to standard output; with a file name, the whole run into that file.",
            metavar="[FILE|-]",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a Markdown and an HTML report, and run.json.", metavar="DIR")
    ] = None,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Ask no model for answers: only what retrieval finds is measured.")
    ] = False,
    limit: Limit = None,
    sample: Sample = None,
    concurrency: Concurrency = 8,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(help="End with exit code 1 where a figure is below: hit@1=0.9. May be repeated.", metavar="BAR"),
    ] = None,
    comparing: Annotated[
        bool, typer.Option("--compare", help="Compare two runs that --json FILE or --report wrote.")
    ] = False,
) -> None:
    """Measure answers: hit@1, hit@5, MRR, citations, abstention, faithfulness, and how long each stage takes."""
    from console import evaluating, figures

    with plainly(*evaluating.FORESEEN):
        bars = evaluating.bars_of(fail_under or [])
        if comparing:
            figures.compare_runs(sets, report)
            return
        figures.check_targets(json_file, report)
        wishes = evaluating.Wishes(answers=not retrieval_only, limit=limit, sample=sample, at_once=concurrency)
        run = evaluating.run(sets, corpus, wishes)
        figures.show(run, json_file, report)
        evaluating.check(run, bars)


def variants(
    sets: Annotated[list[Path], typer.Argument(help="Questions, as for `thinkaloud eval`.", metavar="DATASET...")],
    versions: Annotated[
        str | None,
        typer.Option(
            help="Versions to compare, v1,v2; by default all there are. The first is the base.", metavar="LIST"
        ),
    ] = None,
    corpus: Corpus = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report of each version, and the comparisons.", metavar="DIR")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Each version's figures as JSON to standard output.")] = False,
    limit: Limit = None,
    sample: Sample = None,
    concurrency: Concurrency = 8,
) -> None:
    """Compare versions of the answer's prompt: every question is asked with each of them."""
    from console import evaluating, figures

    with plainly(*evaluating.FORESEEN):
        wishes = evaluating.Wishes(limit=limit, sample=sample, at_once=concurrency)
        runs = evaluating.run_versions(sets, corpus, wishes, versions)
        figures.show_versions(runs, report, as_json=as_json)
