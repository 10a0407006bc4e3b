"""Terms -> sparse vectors, so that the dot product of a question's and a passage's says how well the words match.

A passage's vector holds how much it says of each term: BM25's saturation of the count, for a length beside a constant
average. A question's holds how much of its information lies in each term, in shares: so the product is the share of
the question that the passage holds, about 1 where it holds all of it.
https://doi.org/10.1561/1500000019
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from heapq import nlargest

from thinkaloud.knowledge.index import SparseVector
from thinkaloud.knowledge.terms import terms, weight

#: BM25's saturation and its heed of length, as Anserini sets them; both languages are content with them.
K1, B = 0.9, 0.4
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


def query_vector(text: str, context: str, rarity: Callable[[int], float]) -> SparseVector:
    """How the information of a question is shared out over its terms; without an entry where it has none.

    Args:
        context: what the conversation was about; its terms count half.
        rarity: what a match of the term of this number says (`Lexicon.rarity`).
    """
    worth: dict[int, float] = {}
    for term in {*terms(context)}:
        worth[number_of(term)] = CONTEXT * weight(term) * rarity(number_of(term))
    for term in {*terms(text)}:
        worth[number_of(term)] = weight(term) * rarity(number_of(term))
    chosen = _vector(worth, MOST_QUERY_TERMS)
    return scaled(chosen, 1 / (sum(chosen.values) or 1.0))


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
