"""From the arguments of `thinkaloud ingest` to its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from console.document_words import document_words, trouble
from console.files import document_names, files_in
from console.ingest import Report, Run
from console.ingest_view import Bars, JsonLines, Lines, summary, summary_line, table
from thinkaloud.client.backoff import Backoff
from thinkaloud.client.documents import Documents

if TYPE_CHECKING:
    from console.ingest import Screen
    from console.local import Endpoint
    from thinkaloud.language import Language

#: Exit codes; the last is the shell's own for Ctrl-C.
COMPLETE, FAILED, INTERRUPTED = 0, 1, 130
#: A folder may take an hour, so that a service which restarts is waited for.
BACKOFF = Backoff(attempts=7, first=0.5, most=20.0)


def ingest(
    endpoint: Endpoint, given: Sequence[str], *, delete: bool, at_once: int, json_lines: bool, language: Language
) -> int:
    """Load what is given, or delete it, and show how that goes.

    Bars go to standard error, so that standard output holds the outcome and nothing else.

    Raises:
        ClientError: the address or the token cannot be used.
    """
    words = document_words(language)
    files = [] if delete else files_in(given)
    if not delete and not files:
        print(words.nothing, file=sys.stderr)
        return FAILED
    progress = Console(stderr=True)
    bars = Bars(progress, words, len(files)) if progress.is_terminal and not json_lines else None
    out = Console()
    screen: Screen = JsonLines() if json_lines else bars or Lines(out, words, language)
    report = Report()

    async def work() -> None:
        async with Documents(endpoint.url, endpoint.token, backoff=BACKOFF, language=language) as documents:
            run = Run(documents, screen, words, report, at_once=at_once)
            await (run.delete(document_names(given)) if delete else run.load(files))

    with bars.progress if bars else contextlib.nullcontext():
        try:
            asyncio.run(work())
        except KeyboardInterrupt:
            report.interrupted = True
    if json_lines:
        print(summary_line(report))
    else:
        made = table(report.outcomes, words, language) if bars else None
        if made is not None:
            out.print(made)
        out.print(summary(report, words), markup=False, highlight=False, soft_wrap=True)
    return _ending(report, language)


def _ending(report: Report, language: Language) -> int:
    """The exit code; why there is not all that was asked for goes to standard error."""
    words = document_words(language)
    if report.broken is not None:
        print(f"thinkaloud: {words.ended.format(trouble(report.broken, language))}", file=sys.stderr)
    if report.interrupted:
        print(words.interrupted, file=sys.stderr)
        return INTERRUPTED
    return COMPLETE if report.complete else FAILED
