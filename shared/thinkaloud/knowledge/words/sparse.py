"""Terms -> sparse vectors, so that the dot product of a question's and a passage's says how well the words match.

A passage's vector holds how much it says of each term: BM25's saturation of the count, for a length beside a constant
average. A question's holds how much of its information lies in each term, in shares: so the product is the share of
the question that the passage holds, about 1 where it holds all of it.
https://doi.org/10.1561/1500000019
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from heapq import nlargest

from thinkaloud.knowledge.index import SparseVector
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.terms import figures, han_pairs, terms, weight

#: BM25's saturation and its heed of length. Chunks are of a size, so that the length says little.
K1, B = 0.8, 0.4
#: Terms in a passage of average length. A constant, so that a stored vector stays right whatever comes after it.
AVERAGE_TERMS = 200
#: Entries of a passage's vector: Pinecone takes 1,000 or 2,048, depending on the index's age.
MOST_ENTRIES = 1_000
#: Terms of a question that are looked up: those that say most. More cost time and change nothing.
MOST_QUERY_TERMS = 200
#: What the terms of the conversation count for beside the question's own.
CONTEXT = 0.5


def passage_vector(text: str) -> SparseVector:
    """What a passage says of each of its terms; without an entry where it has none."""
    counts = Counter(terms(text))
    floor = K1 * (1 - B + B * sum(counts.values()) / AVERAGE_TERMS)
    values: dict[int, float] = {}
    for term, count in counts.items():
        number = number_of(term)
        values[number] = round(max(values.get(number, 0.0), count * (K1 + 1) / (count + floor)), 4)
    return _vector(values, MOST_ENTRIES)


def query_vector(text: str, context: str, lexicon: Lexicon) -> SparseVector:
    """How the information of a question is shared out over its terms; without an entry where it has none.

    `context` is what the conversation was about; its terms count half.
    """
    worth: dict[int, float] = {}
    for source, share in ((context, CONTEXT), (text, 1.0)):
        for term in {*terms(source)}:
            number = number_of(term)
            worth[number] = share * weight(term) * lexicon.rarity(number)
    chosen = _vector(worth, MOST_QUERY_TERMS)
    lost = {number_of(term) for source in (text, context) for term in _unfindable(source, lexicon)}
    total = sum(value for number, value in zip(chosen.indices, chosen.values, strict=True) if number not in lost)
    return scaled(chosen, 1 / (total or 1.0))


def _unfindable(text: str, lexicon: Lexicon) -> Iterator[str]:
    """The terms that are no information which could be found, so that they must not make a good match look poor."""
    if not lexicon.passages:
        return
    yield from _borders(text, lexicon)
    for term in figures(text):
        if not lexicon.held_by(number_of(term)):
            yield term


def _borders(text: str, lexicon: Lexicon) -> Iterator[str]:
    """The pairs of Chinese characters that only stand side by side: the end of a word and the beginning of the next.

    No passage has such a pair, while both pairs around it are known; where several in a row are unknown, a word is.
    """
    for pairs in han_pairs(text):
        unknown = [not lexicon.held_by(number_of(pair)) for pair in pairs]
        around = [False, *unknown, False]
        for at, pair in enumerate(pairs):
            if unknown[at] and not around[at] and not around[at + 2]:
                yield pair


def scaled(vector: SparseVector, factor: float) -> SparseVector:
    """The vector times a number."""
    return SparseVector(vector.indices, tuple(factor * value for value in vector.values))


@lru_cache(maxsize=100_000)
def number_of(term: str) -> int:
    """A term's place in a sparse vector, 32 bits: the same in every process and version."""
    return zlib.crc32(term.encode())


def _vector(values: Mapping[int, float], most: int) -> SparseVector:
    kept = values.items() if len(values) <= most else nlargest(most, values.items(), key=lambda item: item[1])
    ordered = sorted(item for item in kept if item[1] > 0)
    return SparseVector(tuple(number for number, _ in ordered), tuple(value for _, value in ordered))
