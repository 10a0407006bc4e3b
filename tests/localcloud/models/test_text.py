from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.models.text import Term, sentences, stem, terms


def found(text: str) -> set[str]:
    return {term.text for term in terms(text)}


def weight(text: str, term: str) -> float:
    return next(found.weight for found in terms(text) if found.text == term)


@pytest.mark.parametrize(
    "forms",
    [
        ("return", "returns", "returned", "returning"),
        ("ship", "shipped", "shipping", "ships"),
        ("policy", "policies"),
        ("expense", "expenses"),
        ("box", "boxes"),
        ("class", "classes"),
        ("use", "uses"),
    ],
)
def test_forms_of_a_word_are_one_term(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("universe", "university"), ("policy", "police"), ("bus", "business"), ("thing", "the")]
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_chinese_terms_are_pairs_and_characters() -> None:
    assert found("年假额度") == {"年", "假", "额", "度", "年假", "假额", "额度"}


def test_a_run_of_chinese_ends_at_punctuation_and_at_other_scripts() -> None:
    assert "假退" not in found("年假，退款")
    assert {"vpn", "密码"} <= found("VPN密码")


def test_full_width_and_case_make_no_difference() -> None:
    assert found("ＷｉＦｉ　１２３") == found("wifi 123")


def test_numbers_are_whole() -> None:
    assert {"3.5", "1000", "9:30"} <= found("3.5 kg for CNY 1,000 at 9:30")


def test_weights_rise_from_grammar_to_content() -> None:
    english = "how many days does a refund take"
    assert weight(english, stem("does")) < weight(english, stem("days")) < weight(english, "refund")
    chinese = "退款需要多久"
    assert weight(chinese, "多") < weight(chinese, "需要") < weight(chinese, "退款")


def test_content_and_characters_can_be_told() -> None:
    assert [term.text for term in terms("what about refunds") if term.is_content] == ["refund"]
    assert [term.is_character for term in terms("退款")] == [True, True, False]
    assert not Term("5", 1.2).is_character


def test_half_a_surrogate_pair_does_no_harm() -> None:
    assert "refund" in found("refund \ud83d")


def test_english_sentences() -> None:
    text = 'Up to 3.5 kg, e.g. Tents. See No. 5 or Mr. Li (approx. 5 kg). Write to a@qinghe.example. 12 days? "Yes."'
    assert sentences(text) == [
        "Up to 3.5 kg, e.g. Tents.",
        "See No. 5 or Mr. Li (approx. 5 kg).",
        "Write to a@qinghe.example.",
        "12 days?",
        '"Yes."',
    ]


def test_chinese_sentences() -> None:
    assert sentences("今天，明天；都行。「后天？」他说！好") == ["今天，明天；都行。", "「后天？」", "他说！", "好"]


@given(st.text(alphabet="ab .!?A1年假。！」\n", max_size=60))
def test_sentences_leave_nothing_out(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_hostile_text_takes_no_time() -> None:
    started = time.process_time()
    for text in ("a." * 50_000, " " * 50_000 + "x", "a. " * 30_000, "。" * 50_000):
        sentences(text)
        terms(text)
    assert time.process_time() - started < 2
