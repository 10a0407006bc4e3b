"""Questions with what came of them -> figures."""

from __future__ import annotations

import pytest

from evaluation.observation import Reply
from evaluation.run import Result, result_of, summary
from evaluation.scores import Judgement, scores
from tests.evaluation.builders import abstained, case, left_open, reply, result, run, seen


def of(*results: Result) -> dict[str, float | None]:
    return {name: figure for name, figure in summary(results).items() if figure is not None}


def test_a_place_at_the_top_and_one_further_down():
    figures = of(result("1", "refunds", "returns"), result("2", "returns", "returns", "refunds"), result("3", "gifts"))
    assert figures["hit@1"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["hit@3"] == figures["hit@5"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["mrr"] == 0.5


def test_citations_are_counted_one_by_one():
    two = result("1", reply=reply("x [1][2]", "refunds", "gifts"))
    one = result("2", reply=reply("x [1]", "refunds"))
    figures = of(two, one)
    assert figures["citation_precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["right_citation"] == 1.0


def test_abstention():
    figures = of(
        result_of(left_open("1"), abstained("1")),
        result_of(left_open("2"), seen(key="2")),
        result_of(case("3"), abstained("3")),
        result("4"),
    )
    assert figures["abstention_precision"] == figures["abstention_recall"] == figures["false_abstention"] == 0.5


def test_a_model_that_cites_nothing_abstains():
    silent = seen(reply=Reply("I do not know."))
    assert silent.abstained
    assert of(result_of(left_open(), silent))["abstention_recall"] == 1.0


def test_where_every_question_has_an_answer_abstention_has_no_precision():
    figures = of(result_of(case("1"), abstained("1")))
    assert "abstention_precision" not in figures
    assert figures["false_abstention"] == 1.0


def test_retrieval_alone_has_no_figures_of_answers():
    figures = of(result("1", reply=None))
    assert figures["hit@1"] == 1.0
    assert not {"citation_precision", "faithfulness", "answer_f1"} & figures.keys()


def test_the_right_wording_in_an_answer():
    figures = of(
        result("1", reply=reply("A refund takes five working days [1].")), result("2", reply=reply("Soon [1]."))
    )
    assert figures["answer_contains"] == 0.5
    assert 0 < figures["answer_f1"] < 0.5


def test_a_judge_speaks_for_itself():
    judged = scores(case(), seen(), Judgement(faithfulness=0.5, relevance=None))
    assert judged["faithfulness"].part == 0.5
    assert "relevance" not in judged


def test_words_say_nothing_across_languages():
    crossed = scores(case(question="退款要多久？", language="zh"), seen())
    assert "faithfulness" in crossed
    assert "relevance" not in crossed


def test_a_question_that_could_not_be_asked_has_no_part_in_any_figure():
    whole = run(result("1"), result_of(case("2"), seen(key="2", error="KnowledgeError: nobody answers")))
    assert whole.figures()["errors"] == 1
    assert whole.figures()["hit@1"] == 1.0


def test_two_languages_are_told_apart():
    chinese = result_of(case("2", "退款要多久？", language="zh"), seen("gifts", key="2"))
    figures = run(result("1"), chinese).figures()
    assert (figures["hit@1"], figures["en/hit@1"], figures["zh/hit@1"]) == (0.5, 1.0, 0.0)
    assert "en/hit@1" not in run(result("1")).figures()


def test_follow_ups_stand_beside_what_their_own_words_find():
    asked = case("2", turns=("How long does a refund take?", "And for gifts?"))
    figures = run(result("1"), result_of(asked, seen(key="2", unrewritten=("gifts", "refunds")))).figures()
    assert (figures["follow_up/hit@1"], figures["unrewritten/hit@1"], figures["unrewritten/hit@3"]) == (1.0, 0.0, 1.0)
    assert "follow_up/unrewritten/hit@1" not in figures


def test_durations_are_those_of_questions_asked_alone():
    alone = [result(str(number), timings={"search": number / 1000, "total": 0.5}) for number in range(1, 101)]
    figures = run(*alone, result("200", timings={})).figures()
    assert (figures["search_p50_ms"], figures["search_p95_ms"], figures["total_p50_ms"]) == (50.0, 95.0, 500.0)
    assert "rerank_p50_ms" not in figures
