"""One question's part in every figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from evaluation.cases import Case
from evaluation.metrics import Share, hit, reciprocal_rank
from evaluation.observation import Observation, Reply
from evaluation.wording import contains, overlap_faithfulness, overlap_relevance, token_f1, without_markers
from thinkaloud.language import language_of

#: How deep the expected place may stand.
DEPTHS = (1, 3, 5)

#: Who says how faithful and how relevant an answer is.
Measure = Literal["overlap", "judge"]


@dataclass(frozen=True)
class Metric:
    """A figure's name and what it tells, for reports. `lower_is_better` for shares of what went wrong."""

    name: str
    label: str
    meaning: str
    lower_is_better: bool = False


METRICS = (
    Metric("hit@1", "Hit@1", "the expected place is ranked first"),
    Metric("hit@3", "Hit@3", "the expected place is among the first three that are ranked"),
    Metric("hit@5", "Hit@5", "the expected place is among the first five"),
    Metric("mrr", "MRR", "1 by the rank of the expected place, 0 where it was not found"),
    Metric("hit@used", "Hit, as used", "the expected place is among the passages that the answer could use"),
    Metric("citation_precision", "Citation precision", "of all citations, those that point to the expected place"),
    Metric("right_citation", "Right citation", "the answer cites the expected place at least once"),
    Metric(
        "abstention_precision", "Abstention precision", "of all abstentions, those where the documents do not answer"
    ),
    Metric("abstention_recall", "Abstention recall", "of what the documents do not answer, what was abstained from"),
    Metric("false_abstention", "False abstention", "of what the documents answer, what was abstained from", True),
    Metric("faithfulness", "Faithfulness", "what the answer states stands in its passages"),
    Metric("relevance", "Relevance", "the answer is about the question"),
    Metric("answer_contains", "Contains the answer", "a right wording stands in the answer"),
    Metric("answer_f1", "Answer F1", "how far the tokens of the answer and of a right wording agree"),
)


@dataclass(frozen=True)
class Judgement:
    """How faithful to its passages and how relevant to its question an answer is, from 0 to 1; None is not known."""

    faithfulness: float | None
    relevance: float | None


def scores(case: Case, seen: Observation, judged: Judgement | None = None) -> dict[str, Share]:
    """What a question adds to each figure it has a part in; nothing where asking failed.

    Without `judged` faithfulness and relevance are by overlap of words.
    """
    if seen.error:
        return {}
    found = dict(_ranked(case, seen.ranking)) | dict(_abstaining(case, seen))
    if case.answerable:
        found["hit@used"] = _truth(any(place in case.places for place in seen.used))
        if seen.unrewritten is not None:
            found |= {f"unrewritten/{name}": share for name, share in _ranked(case, seen.unrewritten)}
    if seen.reply is not None:
        found |= dict(_replied(case, seen, seen.reply, judged or by_overlap(case, seen)))
    return found


def by_overlap(case: Case, seen: Observation) -> Judgement:
    """What words alone tell of an answer: nothing across languages, where no word can agree."""
    if seen.reply is None or seen.abstained:
        return Judgement(None, None)
    spoken = language_of(without_markers(seen.reply.text))
    sources = [passage for passage in seen.reply.passages if language_of(passage) == spoken]
    return Judgement(
        overlap_faithfulness(seen.reply.text, sources) if sources else None,
        overlap_relevance(case.question, seen.reply.text) if spoken == case.language else None,
    )


def _ranked(case: Case, ranking: tuple[str, ...]) -> Iterator[tuple[str, Share]]:
    if case.answerable:
        for depth in DEPTHS:
            yield f"hit@{depth}", _truth(hit(ranking, case.places, depth))
        yield "mrr", Share(reciprocal_rank(ranking, case.places))


def _abstaining(case: Case, seen: Observation) -> Iterator[tuple[str, Share]]:
    if case.answerable:
        yield "false_abstention", _truth(seen.abstained)
    else:
        yield "abstention_recall", _truth(seen.abstained)
    if seen.abstained:
        yield "abstention_precision", _truth(not case.answerable)


def _replied(case: Case, seen: Observation, reply: Reply, judged: Judgement) -> Iterator[tuple[str, Share]]:
    if case.answerable:
        right = sum(citation.place in case.places for citation in reply.citations)
        yield "citation_precision", Share(right, len(reply.citations))
        yield "right_citation", _truth(right > 0)
    if case.answerable and case.answers:
        answer = without_markers(reply.text)
        yield "answer_contains", _truth(contains(answer, case.answers))
        yield "answer_f1", Share(token_f1(answer, case.answers))
    if judged.faithfulness is not None:
        yield "faithfulness", Share(judged.faithfulness)
    if judged.relevance is not None:
        yield "relevance", Share(judged.relevance)


def _truth(value: bool) -> Share:
    return Share(float(value))
