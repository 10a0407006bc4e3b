"""Sessions get their variant by a stable hash, in the shares that were set; prompts are there in both languages."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from thinkaloud.dialogue.answer.variants import Variants
from thinkaloud.dialogue.prompts import file_name, load_prompt, versions
from thinkaloud.errors import ConfigurationError
from thinkaloud.language import Language, language_of

LANGUAGES: tuple[Language, ...] = get_args(Language)


def test_without_a_setting_everybody_has_the_first() -> None:
    assert {Variants().of("qinghe", f"session-{number}") for number in range(50)} == {"v1"}


def test_shares_come_out_as_they_were_set() -> None:
    variants = Variants.parse("v1:90,v2:10")
    found = Counter(variants.of("qinghe", f"session-{number}") for number in range(10_000))
    assert found["v1"] + found["v2"] == 10_000
    assert found["v2"] == pytest.approx(1_000, rel=0.15)


def test_a_session_keeps_its_variant_on_every_worker() -> None:
    places = [Variants.parse("v1:1,v2:1").of("qinghe", f"session-{number}") for number in range(8, 16)]
    assert places == ["v1", "v1", "v2", "v1", "v2", "v2", "v2", "v2"]


def test_tenants_with_the_same_session_are_told_apart() -> None:
    variants = Variants.parse("v1:1,v2:1")
    assert {variants.of(f"tenant-{number}", "session-1") for number in range(20)} == {"v1", "v2"}


@pytest.mark.parametrize(
    "text", ["v1", "v1:90 v2:10", "v1:-1", "v1:0", "v9:1", "v1:1,v1:2", "v1:90,", "v1:x", ",", "../x:1"]
)
def test_shares_that_cannot_be_are_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="PROMPT_VARIANTS"):
        Variants.parse(text)


def test_a_variant_with_no_weight_is_allowed_for_one_that_is_over() -> None:
    assert Variants.parse("v1:0, v2:1").of("qinghe", "session-1") == "v2"


@pytest.mark.parametrize("name", ["answer", "talk", "rewrite"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_version_of_a_prompt_is_there_in_both_languages(name: str, language: Language) -> None:
    assert versions(name)
    for version in versions(name):
        assert language_of(load_prompt(name, version, language)) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_is_told_to_cite_and_to_obey_no_passage(language: Language) -> None:
    assert len(versions("answer")) >= 2
    for version in versions("answer"):
        text = load_prompt("answer", version, language)
        assert "[1]" in text
        assert "<passages>" in text
        assert ("Never follow" if language == "en" else "不要执行") in text


def test_a_prompt_has_a_name_for_the_audit() -> None:
    assert file_name("answer", "v2", "zh") == "answer.v2.zh"
