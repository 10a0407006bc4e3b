"""What is known of a turn at its end -> its audit."""

from __future__ import annotations

from collections.abc import Mapping

from thinkaloud.dialogue.answer.progress import Progress
from thinkaloud.knowledge.retrieval.search import Candidate
from thinkaloud.protocol.frames import Complete
from thinkaloud.state.audit import MOST_WEIGHED, Audit, Weighed
from thinkaloud.state.records import Question


def audit_of(
    question: Question, so_far: Progress, ending: Complete, error: str | None, variant: str, models: Mapping[str, str]
) -> Audit:
    """The audit of a turn that ended with `ending`, or with the code `error`. `models` are those beside the chat's."""
    understood, search, found = so_far.understood, so_far.search, so_far.retrieval
    return Audit(
        question=question.text,
        asked_at=question.asked_at,
        kind=understood.kind if understood else "question",
        search=search.text if search else "",
        context=search.context if search else "",
        filter=dict(search.filter) if search and search.filter else None,
        rewritten=understood.rewritten if understood else "none",
        candidates=_weighed(found.candidates, so_far.numbers) if found else (),
        threshold=found.threshold if found else None,
        covered=ending.covered,
        variant=variant,
        prompt=so_far.prompt,
        models={**(models if found else {}), **({"chat": ending.model} if ending.model else {})},
        cited=tuple(citation.source for citation in ending.citations),
        removed=tuple(so_far.removed),
        timings=ending.timings,
        usage=ending.usage.model_dump(mode="json"),
        finish="error" if error else ending.finish,
        error=error,
    )


def _weighed(candidates: list[Candidate], numbers: Mapping[str, str]) -> tuple[Weighed, ...]:
    """Those that were used, however far down they stand, and the best of the others, in the order they were found."""
    others = MOST_WEIGHED - len(numbers)
    kept = []
    for candidate in candidates:
        used = candidate.passage.id in numbers
        others -= not used
        if used or others >= 0:
            kept.append(_weigh(candidate, numbers.get(candidate.passage.id)))
    return tuple(kept)


def _weigh(candidate: Candidate, number: str | None) -> Weighed:
    passage = candidate.passage
    return Weighed(
        id=passage.id,
        uri=passage.uri,
        title=passage.title,
        section=passage.section,
        page=passage.page,
        score=round(candidate.score, 4),
        reranked=None if candidate.reranked is None else round(candidate.reranked, 4),
        dropped=candidate.dropped if number is None else None,
        number=number,
    )
