"""Whole runs: once with stand-ins, and once with the real index and the local models."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evaluation.corpus import Corpus
from evaluation.datasets import EvaluationSet, read_set
from evaluation.errors import DatasetError, EvaluationError
from evaluation.judge import Judge
from evaluation.measuring import ALONE, FIRST, Plan, ask, measure, measure_versions
from evaluation.scratch import Scratch, judging_model
from localcloud.providers import ProviderError
from tests.builders import match
from tests.dialogue.players import BrokenRetriever, Found, abilities
from tests.evaluation.builders import MARKS, case, says
from tests.evaluation.files import lines, qa, squad, write

REFUNDS = "A refund takes five working days after the goods have arrived."
GIFTS = "Gift cards are valid for three years and are not refunded."
LEAVE_ZH = "每位员工每年享有十二天年假。"


class Steps:
    """Who watches a run."""

    def __init__(self) -> None:
        self.stages: dict[str, list[int]] = {}

    def begin(self, what: str, total: int) -> None:
        self.stages[what] = [total, 0]

    def step(self) -> None:
        [*_, last] = self.stages.values()
        last[1] += 1


@pytest.fixture
def small(tmp_path: Path) -> EvaluationSet:
    content = squad(
        (REFUNDS, [qa("1", "How long does a refund take?", "five working days")]),
        (GIFTS, [qa("2", "For how many years are gift cards valid?", "three")]),
        (LEAVE_ZH, [qa("3", "员工每年有几天年假？", "十二天")]),
        (REFUNDS, [qa("4", "Who won the football world cup?", is_impossible=True)]),
    )
    return read_set([write(tmp_path / "small.json", content)])


def many(count: int) -> EvaluationSet:
    """Questions of which the documents do not matter."""
    return EvaluationSet("many", tuple(case(str(number)) for number in range(count)), Corpus())


async def test_results_stand_in_the_order_of_the_questions_and_the_first_ones_are_timed():
    found = Found([match(uri="refunds")])
    steps = Steps()
    run = await ask(many(ALONE + 20), abilities(retriever=found), {}, Plan(at_once=4), steps)
    assert [result.case.id for result in run.results] == [str(number) for number in range(ALONE + 20)]
    assert [number for number, result in enumerate(run.results) if result.seen.timings] == list(range(1, ALONE))
    assert steps.stages == {"Asking": [ALONE + 20, ALONE + 20]}
    assert run.setup["chat"] == "paced"
    assert run.figures()["hit@1"] == 1.0


async def test_a_run_that_cannot_succeed_ends_soon():
    steps = Steps()
    with pytest.raises(EvaluationError, match="the first 5 questions could not be asked: KnowledgeError"):
        await ask(many(100), abilities(retriever=BrokenRetriever()), {}, Plan(), steps)
    assert steps.stages == {"Asking": [100, FIRST]}


async def test_a_judge_is_asked_where_there_is_one():
    steps = Steps()
    run = await ask(
        many(3), abilities(retriever=Found([match(uri="refunds")])), {}, Plan(judge=Judge(says(MARKS))), steps
    )
    assert run.measure == "judge"
    assert (run.figures()["faithfulness"], run.figures()["relevance"]) == (0.75, 0.5)
    assert steps.stages["Judging"] == [3, 3]
    assert (run.setup["judge"], run.setup["not judged"]) == ("judge-1", 0)


async def test_the_real_index_and_the_local_models(small: EvaluationSet):
    before = dict(os.environ)
    steps = Steps()
    async with Scratch({}) as services:
        run = await measure(small, services, Plan(), steps)
    assert dict(os.environ) == before
    figures = run.figures()
    assert (figures["questions"], figures["errors"]) == (4, 0)
    assert figures["hit@1"] == figures["mrr"] == figures["citation_precision"] == 1.0
    assert figures["abstention_recall"] == 1.0
    assert figures["answer_contains"] == 1.0
    assert figures["faithfulness"] == 1.0
    assert figures["search_p50_ms"] > 0
    assert (run.setup["documents"], run.setup["chunks"], run.setup["prompt"]) == (3, 3, "v1")
    assert steps.stages == {"Loading": [3, 3], "Asking": [4, 4]}


async def test_a_paragraph_of_several_chunks_is_one_place(tmp_path: Path):
    filler = "The weather in the mountains changes quickly and nobody can foresee it. "
    content = squad(
        (
            filler * 60 + "The summit hut closes in October. " + filler * 60,
            [qa("1", "When does the summit hut close?")],
        ),
        (GIFTS, []),
    )
    async with Scratch({}) as services:
        chosen = read_set([write(tmp_path / "long.json", content)])
        run = await measure(chosen, services, Plan(answers=False), Steps())
    assert run.setup["chunks"] > 3
    assert run.figures()["hit@1"] == 1.0


async def test_versions_are_asked_of_documents_that_are_loaded_once(small: EvaluationSet):
    steps = Steps()
    async with Scratch({}) as services:
        one, other = await measure_versions(small, services, Plan(), ["v1", "v2"], steps)
    assert (one.setup["prompt"], other.setup["prompt"]) == ("v1", "v2")
    assert one.name == "small with v1"
    assert one.setup["chunks"] == other.setup["chunks"] == 3


async def test_a_document_that_cannot_be_read(tmp_path: Path):
    (tmp_path / "pages").mkdir()
    write(tmp_path / "pages" / "empty.md", "# Nothing below\n")
    path = write(tmp_path / "set.jsonl", lines({"question": "Why?", "document": "pages/empty.md"}))
    async with Scratch({}) as services:
        with pytest.raises(DatasetError, match=r"empty\.md"):
            await measure(read_set([path]), services, Plan(), Steps())


async def test_a_model_that_is_named_half_is_said_before_anything_is_loaded():
    before = dict(os.environ)
    with pytest.raises(ProviderError):
        async with Scratch({"EMBEDDING_API_KEY": "k"}):
            pass
    assert dict(os.environ) == before


def test_there_is_a_judge_only_where_one_is_named():
    assert judging_model({}) is None
    with pytest.raises(ProviderError, match="JUDGE_BASE_URL"):
        judging_model({"JUDGE_MODEL": "m"})


async def test_a_judge_that_is_named():
    model = judging_model({"JUDGE_MODEL": "m", "JUDGE_BASE_URL": "http://127.0.0.1:1/v1"})
    assert model is not None and model.name == "m"
