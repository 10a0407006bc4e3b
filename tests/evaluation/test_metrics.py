"""What must hold of every ranking and every set of durations."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import Share, hit, percentile, rank, reciprocal_rank, total

PLACES = st.sampled_from("abcdefgh")
RANKINGS = st.lists(PLACES, max_size=12)
EXPECTED = st.sets(PLACES, min_size=1, max_size=3)
SECONDS = st.lists(st.floats(0, 1e6), min_size=1, max_size=50)


@given(RANKINGS, EXPECTED)
def test_a_hit_stays_one_further_down(ranking: list[str], places: set[str]):
    hits = [hit(ranking, places, depth) for depth in range(1, 14)]
    assert hits == sorted(hits)
    assert hits[-1] == bool(places & set(ranking))


@given(RANKINGS, EXPECTED)
def test_the_reciprocal_rank_lies_between_hit_at_1_and_the_hit_at_any_depth(ranking: list[str], places: set[str]):
    assert hit(ranking, places, 1) <= reciprocal_rank(ranking, places) <= hit(ranking, places, 99)


@given(RANKINGS, EXPECTED, PLACES)
def test_another_passage_of_a_place_changes_no_rank(ranking: list[str], places: set[str], again: str):
    if again in ranking:
        assert rank([*ranking, again], places) == rank(ranking, places)
        assert rank([ranking[0], *ranking], places) == rank(ranking, places)


@given(RANKINGS, EXPECTED)
def test_an_expected_place_in_front_is_ranked_first(ranking: list[str], places: set[str]):
    assert rank([min(places), *ranking], places) == 1


def test_ranks_count_places_and_not_passages():
    assert rank(["a", "a", "a", "b", "c"], {"c"}) == 3
    assert rank(["a"], {"c"}) is None
    assert reciprocal_rank(["a", "b"], {"b"}) == 0.5


@given(SECONDS, st.floats(0.1, 100))
def test_a_percentile_is_one_of_the_values_and_enough_are_no_greater(values: list[float], percent: float):
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-9


@given(SECONDS)
def test_percentiles_grow(values: list[float]):
    assert min(values) <= percentile(values, 50) <= percentile(values, 95) <= percentile(values, 100) == max(values)


def test_no_values_have_no_percentile():
    assert percentile([], 50) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_shares_of_one_make_a_mean(values: list[float]):
    assert total(Share(value) for value in values) == pytest.approx(statistics.fmean(values))


def test_shares_of_several_are_weighed():
    assert total([Share(1, 1), Share(0, 3)]) == 0.25
    assert total([Share(0, 0)]) is None
    assert total([]) is None
