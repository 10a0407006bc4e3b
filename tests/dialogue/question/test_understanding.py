"""What is looked for: the question itself, or what it means in its conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from thinkaloud.dialogue.question.understanding import Rewrite, Understood, understand, understand_at_once
from thinkaloud.knowledge.retrieval.search import Search
from thinkaloud.state.records import Exchange

LEAVE = "How many days of annual leave do I get?"
年假 = "年假有多少天？"


def said(*questions: str) -> list[Exchange]:
    return [Exchange(question, "An answer [1].") for question in questions]


def understood(text: str, *questions: str, rewrite: Rewrite | None = None) -> Understood:
    return asyncio.run(understand(text, said(*questions), rewrite))


@pytest.mark.parametrize("text", ["How long does a refund take?", "退款几天能到账？"])
def test_what_stands_alone_needs_no_conversation(text: str) -> None:
    assert understand_at_once(text) == Understood("question", Search(text))


@pytest.mark.parametrize("text", ["Thanks!", "用英文再说一遍"])
def test_talk_looks_for_nothing(text: str) -> None:
    assert understand_at_once(text) == Understood("talk", None)


@pytest.mark.parametrize("text", ["And for contractors?", "那病假呢？", "Interns?"])
def test_what_may_lean_waits_for_the_conversation(text: str) -> None:
    assert understand_at_once(text) is None


@pytest.mark.parametrize(("text", "before"), [("And for contractors?", LEAVE), ("外包人员呢？", 年假)])
def test_a_follow_up_is_looked_for_in_the_light_of_what_was_asked(text: str, before: str) -> None:
    assert understood(text, before) == Understood("follow_up", Search(text, before), "rules")


@pytest.mark.parametrize(
    ("text", "before"), [("How long does that take?", "What does a new zip cost?"), ("要怎么申请？", 年假)]
)
def test_one_that_names_nothing_is_looked_for_as_what_it_leans_on(text: str, before: str) -> None:
    assert understood(text, before) == Understood("follow_up", Search(f"{before}\n{text}", before), "rules")


def test_without_a_conversation_there_is_nothing_to_lean_on() -> None:
    assert understood("And for contractors?") == Understood("question", Search("And for contractors?"))
    assert understood("And for contractors?", "Hello!", "Thanks") == understood("And for contractors?")


def test_a_chain_of_follow_ups_is_traced_back_to_what_it_began_with() -> None:
    found = understood("And agency staff?", "How long is a refund?", LEAVE, "And for contractors?", "Thanks!")
    assert found.search == Search("And agency staff?", f"{LEAVE}\nAnd for contractors?")


def test_a_long_chain_is_not_traced_for_ever() -> None:
    found = understood("And d?", LEAVE, "And for juniors?", "And for seniors?", "And for managers?")
    assert found.search is not None
    assert "annual leave" not in found.search.text + found.search.context


# ---- a model ---------------------------------------------------------------------------------------------------------


class Rewriter:
    """Says what it was made with, and notes what it was asked."""

    def __init__(self, alone: str | None) -> None:
        self.asked: list[str] = []
        self._alone = alone

    async def __call__(self, text: str, memory: Sequence[Exchange]) -> str | None:
        self.asked.append(text)
        return self._alone


def test_a_model_is_asked_where_the_rules_are_not_sure() -> None:
    rewrite = Rewriter("How many days of annual leave do interns get?")
    found = understood("Interns?", LEAVE, rewrite=rewrite)
    assert found == Understood("follow_up", Search("How many days of annual leave do interns get?"), "model")
    assert rewrite.asked == ["Interns?"]


@pytest.mark.parametrize("text", ["And for contractors?", "那病假呢？", "How long does that take?"])
def test_a_model_is_not_asked_where_they_are(text: str) -> None:
    rewrite = Rewriter("What?")
    assert understood(text, LEAVE, rewrite=rewrite).rewritten == "rules"
    assert rewrite.asked == []


def test_a_model_may_say_that_a_question_stands_alone() -> None:
    found = understood("Interns?", LEAVE, rewrite=Rewriter("Interns?"))
    assert found == Understood("question", Search("Interns?"), "model")


def test_a_model_that_says_nothing_leaves_it_to_the_rules() -> None:
    assert understood("Interns?", LEAVE, rewrite=Rewriter(None)) == understood("Interns?", LEAVE)
