"""Two runs over the same questions."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.comparing import Comparison, compare, sign_test
from evaluation.errors import RunError
from evaluation.run import Result, result_of
from evaluation.saved import read_run, write_run
from tests.evaluation.builders import abstained, case, result, run


def compared(tmp_path: Path, before: list[Result], after: list[Result]) -> Comparison:
    saved = []
    for name, results in (("before", before), ("after", after)):
        write_run(run(*results, name=name), tmp_path / f"{name}.json")
        saved.append(read_run(tmp_path / f"{name}.json"))
    return compare(*saved)


def test_a_run_compared_with_itself_differs_in_nothing(tmp_path: Path):
    same = [result(str(number), *(("refunds",) if number % 3 else ("gifts", "refunds"))) for number in range(30)]
    found = compared(tmp_path, same, same)
    assert {item.change for item in found.differences} == {0.0}
    assert not any(item.certain for item in found.differences)
    assert found.changes == ()
    assert {item.p for item in found.differences} == {1.0}


def test_what_became_better_and_worse(tmp_path: Path):
    before = [result(str(number), "gifts", "refunds") for number in range(40)]
    after = [result("0", "gifts", "returns", "refunds"), *(result(str(number), "refunds") for number in range(1, 40))]
    found = compared(tmp_path, before, after)
    [top] = [item for item in found.differences if item.metric.name == "hit@1"]
    assert (top.before, top.after, top.better, top.worse) == (0.0, 0.975, 39, 0)
    assert top.certain and top.low <= top.change <= top.high and top.p < 0.001
    [change] = found.worse
    assert (change.before.rank, change.after.rank, change.worse) == (2, 3, ("MRR",))


def test_less_of_what_went_wrong_is_better(tmp_path: Path):
    before = [result_of(case(str(number)), abstained(str(number))) for number in range(9)]
    after = [result(str(number)) for number in range(9)]
    [item] = [item for item in compared(tmp_path, before, after).differences if item.metric.name == "false_abstention"]
    assert (item.change, item.better, item.worse) == (-1.0, 9, 0)


def test_questions_are_the_same_by_id_and_by_their_words(tmp_path: Path):
    before = [result("1"), result("2"), result_of(case("3", "Who pays?"), result("3").seen)]
    found = compared(tmp_path, before, [result("1"), result("3"), result("4")])
    assert (found.common, found.only) == (1, 4)


def test_runs_with_nothing_in_common(tmp_path: Path):
    with pytest.raises(RunError, match="before and after have no question in common"):
        compared(tmp_path, [result("1")], [result("2")])


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_sign_test_is_even_handed(better: int, worse: int):
    assert sign_test(better, worse) == sign_test(worse, better)
    assert 0 <= sign_test(better, worse) <= 1


@given(st.integers(1, 60))
def test_a_split_is_the_rarer_the_more_uneven_it_is(count: int):
    chances = [sign_test(better, count - better) for better in range(count // 2 + 1)]
    assert chances == sorted(chances)


def test_the_sign_test_by_hand():
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 0) == 2 / 2**5
    assert sign_test(8, 2) == pytest.approx(2 * (1 + 10 + 45) / 2**10)
    assert math.isclose(sign_test(540, 460), sign_test(539, 460), rel_tol=0.1)
