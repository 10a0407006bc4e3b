"""A turn that has ended, for a reader who comes later: from the journal, or from what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from thinkaloud.client_codes import retryable
from thinkaloud.dialogue.labels import error_message
from thinkaloud.errors import JournalBroken
from thinkaloud.language import language_of_locale
from thinkaloud.protocol.frames import MAX_SEQ, Citation, Complete, Error, Reset, Source, SourceDocument, Text, Usage
from thinkaloud.state.records import Outcome, Segment, Turn
from thinkaloud.stream.journal import contiguous, entries_of
from thinkaloud.stream.log import Entry, TurnLog
from thinkaloud.telemetry import audit, logger

#: What a `complete` says that is stored as it is said.
_KEPT = {field.name for field in fields(Outcome)} - {"state", "answer", "sources"}


def replay(turn: Turn, segments: Sequence[Segment], cursor: int) -> TurnLog:
    """The log from which a reader at `cursor` gets what it lacks of an ended turn.

    Where the journal cannot lead on from there (it has expired, a segment is missing, or the cursor is ahead of it),
    the whole answer is told again behind a `reset`, under numbers that were never given out.
    """
    entries = read_journal(turn, segments)
    if told_end(entries) is not None and cursor <= entries[-1].seq and contiguous(entries, cursor):
        return TurnLog.of(entries)
    if entries:  # and not merely expired
        last = entries[-1].seq
        audit("a journal that cannot lead on", after=cursor, last=last, **vars(turn.question.key))
    log = TurnLog(turn.reserved + 1, MAX_SEQ)
    if turn.outcome is not None:
        tell_again(log, turn, turn.outcome)
    log.end()
    return log


def read_journal(turn: Turn, segments: Sequence[Segment]) -> list[Entry]:
    """The frames in the journal; none, and an audit line, where it cannot be read."""
    try:
        return entries_of(segments)
    except JournalBroken as error:
        logger().error("the journal is broken", extra={"detail": str(error), **vars(turn.question.key)})
        return []


def tell_again(log: TurnLog, turn: Turn, outcome: Outcome) -> None:
    """Put a stored turn into a log: what was said of it is dropped, then comes what is stored."""
    log.push(Reset(step=0))
    if outcome.sources:
        log.push(Source(docs=tuple(SourceDocument(**source) for source in outcome.sources)))
    if outcome.answer:
        log.push(Text(part="answer", step=1, content=outcome.answer))
    log.push(ending(turn, outcome))
    log.seal()


def ending(turn: Turn, outcome: Outcome) -> Complete | Error:
    """The final frame of a stored turn."""
    if outcome.error is not None:
        language = language_of_locale(turn.question.locale, turn.question.text)
        message = error_message(outcome.error, language)
        return Error(code=outcome.error, message=message, retryable=retryable(outcome.error))
    return Complete.model_validate(
        {
            "finish": outcome.finish,
            "reason": outcome.reason,
            "model": outcome.model,
            "covered": outcome.covered,
            "citations": tuple(Citation(**citation) for citation in outcome.citations),
            "usage": Usage(**outcome.usage),
            "timings": {name: float(seconds) for name, seconds in outcome.timings.items()},
        }
    )


def told_end(entries: Sequence[Entry]) -> Complete | Error | None:
    """The final frame of a journal, if it has come to that."""
    last = entries[-1].frame if entries else None
    return last if isinstance(last, Complete | Error) else None


def outcome_of(entries: Sequence[Entry], otherwise: str = "crashed") -> Outcome:
    """What to store of a turn that its worker could not store: what its frames said, as a client would fold them.

    Without a final frame the turn broke off, with the error `otherwise`.
    """
    said: list[Text] = []
    sources: list[dict[str, Any]] = []
    for entry in entries:
        match entry.frame:
            case Reset(step=step):
                said = [text for text in said if text.step < step]
                sources = sources if step else []  # they were found before the first step
            case Text() as text:
                said.append(text)
            case Source(docs=docs):
                sources += [doc.model_dump(mode="json", exclude_none=True) for doc in docs]
    answer = "".join(text.content for text in said)
    end = told_end(entries)
    if isinstance(end, Complete):
        told = end.model_dump(mode="json")
        kept = {name: told[name] for name in _KEPT if name in told}
        return Outcome(state="done", answer=answer, sources=sources, **kept)
    error = otherwise if end is None else end.code
    return Outcome(state="failed", answer=answer, finish="error", error=error, sources=sources)
