"""Texts -> terms, by which a question and a passage are compared word for word.

English terms are lightly stemmed words, numbers and identifiers whole ("RV-12" as itself and as its parts). Chinese is
written without spaces, so its terms are pairs of neighbouring characters and, for less, single ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from thinkaloud.knowledge.words.function_words import CHINESE_GRAMMAR, ENGLISH_GRAMMAR

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_LETTERS = rf"(?:(?![{_HAN}])[^\W_])+"
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|{_LETTERS}(?:[-'’._/:]{_LETTERS})*")
_JOINT = re.compile(r"[-'’._/:]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_POSSESSIVE = re.compile(r"['’][a-z]{0,2}$")
#: What a match of a term says, beside how rare the term is. A fifth more or less changes nothing.
CONTENT, GRAMMAR, HALF_GRAMMAR, SINGLE = 1.0, 0.3, 0.7, 0.7


def terms(text: str) -> Iterator[str]:
    """Every term of `text`, as often as it occurs."""
    for match in _RUN.finditer(_THOUSANDS.sub("", plain(text))):
        run = match.group()
        if match.lastgroup == "han":
            yield from run
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield from _words(run)


def figures(text: str) -> Iterator[str]:
    """The terms of numbers and identifiers, and of their parts: an amount, an order's number, "RV-12"."""
    for match in _RUN.finditer(_THOUSANDS.sub("", plain(text))):
        if any(character.isdigit() for character in match.group()):
            yield from _words(match.group())


def han_pairs(text: str) -> Iterator[list[str]]:
    """The pairs of each run of Chinese characters, in order."""
    for match in _RUN.finditer(plain(text)):
        if match.lastgroup == "han":
            run = match.group()
            yield [run[at : at + 2] for at in range(len(run) - 1)]


@lru_cache(maxsize=50_000)
def weight(term: str) -> float:
    """What a match of `term` says: 1 for a word of substance, less for grammar and for a single Chinese character."""
    if not is_han(term):
        return GRAMMAR if term in _STEMMED_GRAMMAR else CONTENT
    grammar = sum(character in CHINESE_GRAMMAR for character in term)
    if len(term) == 1:
        return SINGLE * (GRAMMAR if grammar else CONTENT)
    return (CONTENT, HALF_GRAMMAR, GRAMMAR)[grammar]


def is_han(term: str) -> bool:
    """Whether a term is of Chinese characters."""
    return re.match(f"[{_HAN}]", term) is not None


def plain(text: str) -> str:
    """`text` in the one form terms are made of: full-width forms made plain, case folded, lone surrogates replaced."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFKC", whole).casefold()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The word without its common endings, so that "return", "returns", "returned" and "returning" are one term.

    Deliberately lighter than Porter's stemmer: two words that differ must rarely become one.
    """
    if len(word) <= 3 or not word.isascii():
        return word
    word = singular(word)
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and re.search("[aeiouy]", root):
            word = root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    if len(word) > 5:
        word = word.removesuffix("ly")
    if len(word) > 3:
        word = word[:-1] + "i" if word[-1] == "y" else word.removesuffix("e")
    return word


def singular(word: str) -> str:
    """An English noun without its plural ending."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=50_000)
def _words(run: str) -> tuple[str, ...]:
    """A word; of a compound its parts and, where it holds a digit, the whole as well."""
    run = _POSSESSIVE.sub("", run)
    parts = tuple(stem(part) if part.isalpha() else part for part in _JOINT.split(run) if part)
    compound = len(parts) > 1 and any(character.isdigit() for character in run)
    return (*parts, run) if compound else parts


_STEMMED_GRAMMAR = frozenset(map(stem, ENGLISH_GRAMMAR))
