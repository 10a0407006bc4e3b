from __future__ import annotations

import re

import pytest

from localcloud.models.embedding import LocalEmbedder
from localcloud.models.extractive import AT_MOST, DOES_NOT_KNOW, NEEDS_DOCUMENTS, WELCOMES, ExtractiveModel

REFUNDS = (
    "Refunds",
    "We refund to the account that paid. A refund takes at most 5 working days. Coupons return to your account.",
)
WARRANTY = ("Warranty", "Tents are covered for 3 years. Backpacks are covered for 5 years. Burn holes are not covered.")
LEAVE = ("年假", "年假额度按部门确定：门店 12 天，客服部 11 天。没有休完的年假最多可以顺延 5 天。")
REFUNDS_ZH = ("退款", "退款最长需要 5 个工作日。优惠券会退回账户。")


@pytest.fixture(scope="module")
def model() -> ExtractiveModel:
    return ExtractiveModel(LocalEmbedder())


def ask(question: str, *passages: tuple[str, str]) -> str:
    block = "\n".join(
        f'<passage id="{number}" title="{title}" uri="u">\n{text}\n</passage>'
        for number, (title, text) in enumerate(passages, start=1)
    )
    return f"<passages>\n{block}\n</passages>\n\n<question>{question}</question>"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How long does a refund take?", "A refund takes at most 5 working days. [1]"),
        ("Does the warranty cover burn holes?", "Burn holes are not covered. [2]"),
        ("How many years is a tent covered?", "Tents are covered for 3 years. [2]"),
        ("退款需要多久？", "退款最长需要 5 个工作日。 [4]"),
        ("客服部今年的年假额度是多少？", "年假额度按部门确定：门店 12 天，客服部 11 天。 [3]"),
    ],
)
def test_quotes_the_sentence_that_answers(model: ExtractiveModel, question: str, answer: str) -> None:
    assert model.answer([ask(question, REFUNDS, WARRANTY, LEAVE, REFUNDS_ZH)]) == answer


@pytest.mark.parametrize("question", ["Which account is refunded?", "How do I get a refund?", "What is covered?"])
def test_every_sentence_is_quoted_word_for_word_with_its_marker(model: ExtractiveModel, question: str) -> None:
    passages = (REFUNDS, WARRANTY)
    quoted = re.findall(r"(.+?) \[(\d)\]\s?", model.answer([ask(question, *passages)]))
    assert 1 <= len(quoted) <= AT_MOST
    for text, marker in quoted:
        assert text in passages[int(marker) - 1][1]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What is the capital of France?", "en"),
        ("Who won the world cup?", "en"),
        ("hello", "en"),
        ("珠穆朗玛峰有多高？", "zh"),
        ("怎么做红烧肉？", "zh"),
        ("你好", "zh"),
    ],
)
def test_admits_that_it_does_not_know(model: ExtractiveModel, question: str, language: str) -> None:
    assert model.answer([ask(question, REFUNDS, WARRANTY, LEAVE, REFUNDS_ZH)]) == DOES_NOT_KNOW[language]  # type: ignore[index]


@pytest.mark.parametrize(("question", "language"), [("How long does a refund take?", "en"), ("退款需要多久？", "zh")])
def test_without_passages_it_knows_nothing(model: ExtractiveModel, question: str, language: str) -> None:
    assert model.answer([f"<passages></passages>\n\n<question>{question}</question>"]) == DOES_NOT_KNOW[language]  # type: ignore[index]


@pytest.mark.parametrize(("question", "language"), [("How are you?", "en"), ("你是谁？", "zh")])
def test_a_greeting_is_returned_and_it_says_what_it_is(model: ExtractiveModel, question: str, language: str) -> None:
    assert model.answer([f"<question>{question}</question>"]) == WELCOMES[language]  # type: ignore[index]
    assert re.search("extractive|摘录", WELCOMES[language])  # type: ignore[index]


@pytest.mark.parametrize(("question", "language"), [("Translate that.", "en"), ("用英文再说一遍", "zh")])
def test_outside_of_the_prompt_format_it_says_what_it_is(model: ExtractiveModel, question: str, language: str) -> None:
    assert model.answer([question]) == NEEDS_DOCUMENTS[language]  # type: ignore[index]
    assert re.search("extractive|摘录", NEEDS_DOCUMENTS[language])  # type: ignore[index]


def test_passages_of_the_other_language_serve_where_there_are_no_others(model: ExtractiveModel) -> None:
    assert model.answer([ask("refund 多久？", REFUNDS)]).endswith("[1]")


def test_a_heading_helps_the_sentences_below_it(model: ExtractiveModel) -> None:
    page = ("Staff", "## Notice period\n\nIt is 30 days.\n\n## Parking\n\nIt is free for 3 hours.")
    assert model.answer([ask("How long is the notice period?", page)]) == "It is 30 days. [1]"


def test_an_empty_question_takes_its_topic_from_an_earlier_one(model: ExtractiveModel) -> None:
    earlier = ["How long is a tent covered?", "and then?"]
    assert model.answer([*earlier, ask("What about it?", REFUNDS, WARRANTY)]) == "Tents are covered for 3 years. [2]"
    assert model.answer([ask("What about it?", REFUNDS, WARRANTY)]) == DOES_NOT_KNOW["en"]


def test_so_does_one_in_chinese(model: ExtractiveModel) -> None:
    assert model.answer(["退款需要多久？", ask("然后呢？", LEAVE, REFUNDS_ZH)]).startswith(
        "退款最长需要 5 个工作日。 [2]"
    )


@pytest.mark.parametrize(
    ("before", "question", "answer"),
    [
        ("How long is a tent covered?", "And backpacks?", "Backpacks are covered for 5 years. [2]"),
        ("门店的年假额度是多少？", "客服部呢？", "年假额度按部门确定：门店 12 天，客服部 11 天。 [3]"),
    ],
)
def test_a_follow_up_is_answered_for_what_it_means(
    model: ExtractiveModel, before: str, question: str, answer: str
) -> None:
    assert model.answer([before, ask(question, REFUNDS, WARRANTY, LEAVE)]).startswith(answer)


def test_a_question_with_content_leaves_earlier_ones_alone(model: ExtractiveModel) -> None:
    earlier = ask("How long is a tent covered?", WARRANTY)
    assert model.answer([earlier, ask("How long does a refund take?", REFUNDS, WARRANTY)]).endswith(
        "5 working days. [1]"
    )


def test_the_same_sentence_on_two_pages_is_quoted_once(model: ExtractiveModel) -> None:
    answer = model.answer([ask("How long does a refund take?", REFUNDS, ("Returns", REFUNDS[1]))])
    assert answer.count("5 working days") == 1
