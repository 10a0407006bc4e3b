"""Words that agree and words that do not, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.wording import contains, overlap_faithfulness, overlap_relevance, token_f1, tokens, without_markers

TEXT = st.text(alphabet="ab 天气，.1", max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Moon's pull.", ["moon", "s", "pull"]),
        ("月球的引力，1,000 次", ["月", "球", "的", "引", "力", "1", "000", "次"]),
        ("ＮＦＬ联盟 2015年", ["nfl", "联", "盟", "2015", "年"]),
        ("  ...  ", []),
    ],
)
def test_tokens(text: str, expected: list[str]):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("It takes five working days [1].", ["Five working days"], True),
        ("It takes fifty-five days.", ["five"], True),
        ("It takes fiftyfive days.", ["five"], False),
        ("退款需要五个工作日。", ["五个工作日"], True),
        ("退款需要五个 工作日。", ["五个工作日"], True),
        ("退款需要三个工作日。", ["五个工作日", "5 个工作日"], False),
        ("Anything", ["..."], False),
        ("Anything", [], False),
    ],
)
def test_an_answer_contains_a_right_wording(answer: str, gold: list[str], expected: bool):
    assert contains(answer, gold) is expected


@given(TEXT, TEXT)
def test_f1_is_a_share_and_the_same_both_ways(one: str, other: str):
    assert 0 <= token_f1(one, [other]) <= 1
    assert token_f1(one, [other]) == token_f1(other, [one])


@given(TEXT)
def test_f1_of_a_text_with_itself(text: str):
    assert token_f1(text, [text]) == (1.0 if tokens(text) else 0.0)


def test_f1_takes_the_best_wording():
    assert token_f1("five working days", ["three", "five days"]) == pytest.approx(0.8)
    assert token_f1("five", []) == 0.0


def test_a_quoted_sentence_is_faithful_and_an_invented_one_is_not():
    passages = ["A refund takes five working days. Gift cards are not refunded."]
    assert overlap_faithfulness("A refund takes five working days [1].", passages) == 1.0
    invented = overlap_faithfulness("Elephants sing loudly. A refund takes five working days [1].", passages)
    assert invented is not None and 0.4 < invented < 0.6
    assert overlap_faithfulness("[1]", passages) is None


def test_faithfulness_in_chinese():
    assert overlap_faithfulness("退款需要五个工作日。[1]", ["退款需要五个工作日。礼品卡不退。"]) == 1.0
    assert (overlap_faithfulness("大象会唱歌。", ["退款需要五个工作日。"]) or 0) < 0.3


def test_an_answer_that_takes_up_the_question_is_relevant():
    question = "How long does a refund take?"
    near = overlap_relevance(question, "A refund takes five working days.")
    far = overlap_relevance(question, "Gift cards are valid for three years.")
    assert near is not None and far is not None and far < 0.3 < 0.7 < near
    assert overlap_relevance("?", "Anything") is None


def test_markers_are_taken_off():
    assert without_markers("Five days [1][12]. Or so [3].") == "Five days. Or so."
