"""The corpus of the retrieval benchmark: the same each time, in both languages, in chunks as ingestion makes them."""

from __future__ import annotations

from itertools import islice

from benchmarks.retrieval import passages
from thinkaloud.knowledge.chunking import CHUNK_TOKENS
from thinkaloud.language import estimate_tokens, language_of


def test_chunks_are_full_and_in_both_languages_by_turns() -> None:
    made = list(islice(passages(), 200))
    assert [language_of(passage.text) for passage in made] == ["en", "zh"] * 100
    sizes = [estimate_tokens(passage.text) for passage in made]
    assert 0.85 * CHUNK_TOKENS < sum(sizes) / len(sizes) < 1.2 * CHUNK_TOKENS


def test_they_are_the_same_each_time_and_all_different() -> None:
    made = list(islice(passages(), 200))
    assert made == list(islice(passages(), 200))
    assert len({passage.text for passage in made}) == len({passage.id for passage in made}) == 200
