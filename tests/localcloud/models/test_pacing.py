from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.models.pacing import filler, paced, tokens
from localcloud.models.performance import Pause, Say


@given(st.text(max_size=200))
def test_tokens_join_to_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


def test_tokens_are_words_and_one_or_two_chinese_characters() -> None:
    assert tokens("A refund takes 5 days. [1]\n\nMore") == [
        "A",
        " refund",
        " takes",
        " 5",
        " days.",
        " [1]",
        "\n\nMore",
    ]
    assert tokens("退款需要 5 个工作日。好") == ["退款", "需要", " 5", " 个工", "作日。", "好"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("count", [1, 7, 300, 2_000])
def test_filler_has_the_asked_number_of_tokens(language: str, count: int) -> None:
    assert len(tokens(filler(count, language))) == count  # type: ignore[arg-type]
    assert filler(2_000, language).startswith(filler(count, language))  # type: ignore[arg-type]


def test_the_first_chunk_comes_at_once_and_the_rest_at_the_rate() -> None:
    actions = list(paced(filler(300), rate=100))
    assert isinstance(actions[0], Say)
    assert sum(action.seconds for action in actions if isinstance(action, Pause)) == pytest.approx(2.99)


def test_chunks_go_through_their_sizes_over_and_over() -> None:
    said = [action.text for action in paced(filler(10), rate=10, sizes=[1, 4]) if isinstance(action, Say)]
    assert [len(tokens(text)) for text in said] == [1, 4, 1, 4]
    assert "".join(said) == filler(10)


def test_a_rate_of_zero_has_no_pauses() -> None:
    assert list(paced("a b", rate=0)) == [Say("a"), Say(" b")]
