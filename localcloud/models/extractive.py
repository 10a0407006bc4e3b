"""The extractive model: answers with sentences of the passages in the prompt, word for word, each with its marker.

It is no language model and says so. It finds the sentences that cover most of what the question asks for, as BM25
would (https://doi.org/10.1561/1500000019), with a share for likeness of the embeddings, and admits that it does not
know where no sentence covers enough.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.models.prompt_reader import Passage, Sentence, read_prompt, sentences_of
from localcloud.models.text import Term, terms
from thinkaloud.dialogue.question.smalltalk import is_courtesy
from thinkaloud.dialogue.question.understanding import understand_by_rules
from thinkaloud.language import Language, language_of
from thinkaloud.state.records import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.models.embedding import Embedder

MODEL = "extractive"

# Relevance runs from 0 to about 1: a share for the question's terms that a sentence or its headings hold, and a share
# for likeness. A term found only in a title or heading counts for less than one in the sentence itself, and a single
# Chinese character for less than a pair.
COVERAGE, LIKENESS = 0.65, 0.35
IN_CONTEXT, CHARACTER = 0.8, 0.5

# What only helps to choose among relevant sentences: a figure where the question asks for one, and an early passage.
FIGURE, RANK = 0.08, 0.08

# Below KNOWN nothing is quoted. A further sentence must come this close to the best one, closer from another passage.
KNOWN, FURTHER, FURTHER_ELSEWHERE, AT_MOST = 0.24, 0.8, 0.92, 3

DOES_NOT_KNOW: dict[Language, str] = {
    "en": "The documents I have do not answer this question.",
    "zh": "资料里没有找到这个问题的答案。",
}
WELCOMES: dict[Language, str] = {
    "en": "Hello! I am the extractive model: ask me something, and I quote what the documents say about it.",
    "zh": "您好！我是摘录模型：请随时提问，我会引用资料里的原文来回答。",
}
NEEDS_DOCUMENTS: dict[Language, str] = {
    "en": "I am the extractive model: I only quote from documents, and this request came with none.",
    "zh": "我是摘录模型，只会引用资料里的原文，而这次请求没有附上资料。",
}

_ASKS_FOR_FIGURE = re.compile(
    r"\bhow (?:long|many|much|old|far|soon|often|big|late|early)\b|\bwhen\b|\bwhat time\b|\blimit\b|\bcost\b"
    r"|多少|多久|多长|多大|多远|多重|多高|几|何时|什么时候|哪天|上限|额度",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d|[一二两三四五六七八九十百千]+(?:天|日|周|月|年|小时|分钟|元|次|件|折)")


@dataclass(frozen=True)
class Scored:
    """A sentence, how much it has to do with the question (0 to about 1), and its score among the sentences."""

    sentence: Sentence
    relevance: float
    score: float


class ExtractiveModel:
    """Picks the answer's sentences. CPU-bound, some 10 ms for five passages: call it in a thread."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def answer(self, user_messages: Sequence[str]) -> str:
        """The answer to the last of `user_messages`; the earlier ones only help where it leans on them."""
        prompt = read_prompt(user_messages[-1])
        spoken = language_of(prompt.question)
        if prompt.passages is None:
            return (WELCOMES if is_courtesy(prompt.question) else NEEDS_DOCUMENTS)[spoken]
        chosen = choose(self.score(_in_conversation(prompt.question, user_messages[:-1]), prompt.passages))
        if not chosen:
            return DOES_NOT_KNOW[spoken]
        joint = "" if language_of(chosen[0].text) == "zh" else " "
        return joint.join(f"{item.text} [{prompt.passages[item.passage].marker}]" for item in chosen)

    def score(self, question: str, passages: tuple[Passage, ...]) -> list[Scored]:
        """Every sentence of the passages with its score, best first; those in the question's language, if any are."""
        found = _in_language(sentences_of(passages), language_of(question))
        if not found:
            return []
        asked = {term.text: term for term in terms(question)}
        held = [{term.text for term in terms(sentence.text)} for sentence in found]
        around = [{term.text for term in terms(sentence.context)} for sentence in found]
        worth = _worth(list(asked.values()), held)
        total = sum(worth.values()) or 1.0

        vectors = self._embedder.embed([question, *(f"{item.context}\n{item.text}" for item in found)])
        likeness = vectors[1:] @ vectors[0]
        figure = bool(_ASKS_FOR_FIGURE.search(question))

        scored = []
        for index, sentence in enumerate(found):
            covered = sum(worth[term] for term in asked if term in held[index])
            covered += IN_CONTEXT * sum(worth[term] for term in asked if term in around[index] - held[index])
            relevance = COVERAGE * covered / total + LIKENESS * float(likeness[index])
            score = relevance + FIGURE * (figure and bool(_FIGURE.search(sentence.text)))
            score += RANK * (1 - sentence.passage / len(passages))
            scored.append(Scored(sentence, relevance, score))
        return sorted(scored, key=lambda item: -item.score)


def choose(scored: Sequence[Scored]) -> list[Sentence]:
    """The sentences of `scored` (best first) worth quoting, in reading order; none where even the best is not."""
    if not scored or scored[0].relevance < KNOWN:
        return []
    best = scored[0]
    chosen = [best.sentence]
    for item in scored[1:]:
        if len(chosen) == AT_MOST:
            break
        near = FURTHER if item.sentence.passage == best.sentence.passage else FURTHER_ELSEWHERE
        if item.score >= near * best.score and not any(_repeats(item.sentence, other) for other in chosen):
            chosen.append(item.sentence)
    return sorted(chosen, key=lambda sentence: (sentence.passage != best.sentence.passage, sentence.position))


def _in_conversation(question: str, earlier: Sequence[str]) -> str:
    """`question` with what it leans on in front of it, as the dialogue understands it ("And for contractors?")."""
    memory = [Exchange(read_prompt(message).question or message, "") for message in earlier]
    search = understand_by_rules(question, memory).search
    return f"{search.context}\n{search.text}".strip() if search else question


def _in_language(found: list[Sentence], wanted: Language) -> list[Sentence]:
    same = [sentence for sentence in found if language_of(f"{sentence.context}\n{sentence.text}") == wanted]
    return same or found


def _worth(asked: Sequence[Term], held: Sequence[set[str]]) -> dict[str, float]:
    """What finding each term is worth: its own weight, times how rare it is among the sentences at hand."""
    frequency = Counter(term for sentence in held for term in sentence)
    worth = {}
    for term in asked:
        count = frequency[term.text]
        rarity = math.log(1 + (len(held) - count + 0.5) / (count + 0.5))
        worth[term.text] = rarity * term.weight * (CHARACTER if term.is_character else 1.0)
    return worth


def _repeats(one: Sentence, other: Sentence) -> bool:
    a, b = ({term.text for term in terms(sentence.text)} for sentence in (one, other))
    return len(a & b) > 0.6 * min(len(a), len(b))
