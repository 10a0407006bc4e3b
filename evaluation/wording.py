"""How alike two wordings are: an answer and the right one, a statement and its source, an answer and its question.

None of it understands anything. It tells whether words agree, in both languages, without a model.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from localcloud.models.text import Term, terms
from thinkaloud.language import sentences

_MARKER = re.compile(r"\s*\[\d{1,3}\]")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")
_ARTICLES = frozenset({"a", "an", "the"})


def tokens(text: str) -> list[str]:
    """The words, and the single Chinese characters, of a text, without case, punctuation and English articles.

    SQuAD's normalisation (https://rajpurkar.github.io/SQuAD-explorer/), with CMRC 2018's for Chinese.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [token for token in _TOKEN.findall(plain) if token not in _ARTICLES]


def contains(answer: str, gold: Iterable[str]) -> bool:
    """Whether one of the right wordings stands in the answer, token by token."""
    inside = _spaced(answer)
    return any((wanted := _spaced(text)).strip() and wanted in inside for text in gold)


def token_f1(answer: str, gold: Iterable[str]) -> float:
    """The best F1 over the tokens of the answer and of a right wording, from 0 to 1."""
    return max((_f1(tokens(answer), tokens(text)) for text in gold), default=0.0)


def without_markers(answer: str) -> str:
    """An answer without its `[1]`."""
    return _MARKER.sub("", answer)


def overlap_faithfulness(answer: str, passages: Iterable[str]) -> float | None:
    """The share of the answer's statements that its passages hold, by weight of terms, averaged over its sentences.

    1 where every term of every sentence stands in the passages. None for an answer without any term.
    """
    held = {term.text for passage in passages for term in terms(passage)}
    shares = [_held(terms(sentence), held) for sentence in sentences(without_markers(answer))]
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None


def overlap_relevance(question: str, answer: str) -> float | None:
    """The share of the question's terms that the answer takes up, by weight; None for a question without any."""
    return _held(terms(question), {term.text for term in terms(without_markers(answer))})


def _held(wanted: list[Term], held: set[str]) -> float | None:
    weights = {term.text: term.weight for term in wanted}
    whole = sum(weights.values())
    return sum(weight for text, weight in weights.items() if text in held) / whole if whole else None


def _spaced(text: str) -> str:
    return f" {' '.join(tokens(text))} "


def _f1(one: list[str], other: list[str]) -> float:
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other)) if shared else 0.0
