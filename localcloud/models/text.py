"""Text as the local models see it: its weighted terms, and its sentences as they can be quoted.

Chinese is written without spaces, so its terms are pairs of neighbouring characters and, with less weight, single
ones; English terms are stemmed words. Embeddings and the extractive model share these functions, so that a question
and a passage always agree on what a term is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from localcloud.models.stopwords import CHINESE_FAINT, ENGLISH_FAINT
from thinkaloud.knowledge.words.function_words import CHINESE_GRAMMAR, ENGLISH_GRAMMAR
from thinkaloud.knowledge.words.terms import plain, singular, stem

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_RUN = re.compile(rf"(?P<han>[{HAN}]+)|(?P<number>\d+(?:[.,:]\d+)*)|(?P<word>(?:(?![{HAN}])[^\W\d_])+(?:['’][a-z]+)?)")
_SINGLE_HAN = re.compile(f"[{HAN}]")

# Weights, tuned on retrieval by cosine alone. Up to FAINT nothing counts as content.
GRAMMAR, FAINT, NUMBER, CONTENT = 0.05, 0.5, 1.2, 1.0
HAN_PAIR_HALF_GRAMMAR, HAN_SINGLE, HAN_SINGLE_GRAMMAR = 0.3, 0.7, 0.14


class Term(NamedTuple):
    """One thing to look for. `weight` is what a match of it says: 0.05 for grammar, 1 for a word of substance."""

    text: str
    weight: float

    @property
    def is_content(self) -> bool:
        """Whether this term alone makes a text be about something."""
        return self.weight > FAINT and not self.is_character

    @property
    def is_character(self) -> bool:
        """Whether this is a single Chinese character, which says less than the pairs it is part of."""
        return _SINGLE_HAN.fullmatch(self.text) is not None


def terms(text: str) -> list[Term]:
    """Every term of `text`, in order and repeated as often as it occurs."""
    found: list[Term] = []
    for match in _RUN.finditer(plain(text)):
        run = match.group()
        if match.lastgroup == "han":
            found += (_han_single(char) for char in run)
            found += (_han_pair(run[at : at + 2]) for at in range(len(run) - 1))
        elif match.lastgroup == "number":
            found.append(Term(run.replace(",", ""), NUMBER))
        else:
            found.append(_word(run))
    return found


@lru_cache(maxsize=50_000)
def _han_single(char: str) -> Term:
    return Term(char, HAN_SINGLE_GRAMMAR if char in CHINESE_GRAMMAR else HAN_SINGLE)


@lru_cache(maxsize=200_000)
def _han_pair(pair: str) -> Term:
    grammar = sum(char in CHINESE_GRAMMAR for char in pair)
    if grammar == 2:
        return Term(pair, GRAMMAR)
    if pair in CHINESE_FAINT or grammar == 1:
        return Term(pair, HAN_PAIR_HALF_GRAMMAR)
    return Term(pair, CONTENT)


@lru_cache(maxsize=50_000)
def _word(word: str) -> Term:
    bare = re.sub(r"['’][a-z]*$", "", word)
    if bare in ENGLISH_GRAMMAR:
        return Term(stem(bare), GRAMMAR)
    faint = bare in ENGLISH_FAINT or singular(bare) in ENGLISH_FAINT
    return Term(stem(bare), FAINT if faint else CONTENT)


_BOUNDARY = re.compile(
    r"""(?: [.!?]+ ["'”’)\]]*  (?= \s+ ["'“‘(\[]* [^\s\W a-z_] )      # English: a capital or a digit begins the next
          | [。！？…]+ ["'”’」』）)\]]* )                               # Chinese: needs no space
    """,
    re.VERBOSE,
)
# ... unless this is what the full stop belongs to.
_ABBREVIATION = re.compile(r"(?<![^\s(])(?:[Ee]\.g|[Ii]\.e|vs|Mr|Mrs|Ms|Dr|St|No|approx|[A-Za-z](?:\.[A-Za-z])*)\.$")
_LONGEST_ABBREVIATION = 12


def sentences(paragraph: str) -> list[str]:
    """The sentences of one paragraph, each as written and without the space around it; nothing is left out.

    Stricter than `thinkaloud.language.sentences`, which looks for a place to cut a long chunk: a quotation must not end
    after "e.g." or 「；」.
    """
    found: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(paragraph):
        end = match.end()
        if _ABBREVIATION.search(paragraph, max(start, end - _LONGEST_ABBREVIATION), end):
            continue
        found.append(paragraph[start:end].strip())
        start = end
    found.append(paragraph[start:].strip())
    return [sentence for sentence in found if sentence]
