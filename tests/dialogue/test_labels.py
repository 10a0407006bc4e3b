"""What people read is there in both languages, and says the same in both."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from thinkaloud.client_codes import CLIENT_CODES
from thinkaloud.dialogue import labels
from thinkaloud.dialogue.labels import error_message, label
from thinkaloud.errors import (
    DocumentBusy,
    FrameError,
    InvalidRequest,
    ScopeMissing,
    UnknownDocument,
    UnknownTurn,
)
from thinkaloud.language import Language, language_of
from thinkaloud.protocol.frames import Status

LANGUAGES: tuple[Language, ...] = get_args(Language)
#: What brings its own words: frames that cannot be read, and what only callers of the HTTP API hear.
OWN_WORDS = (FrameError, InvalidRequest, ScopeMissing, UnknownDocument, UnknownTurn, DocumentBusy)
CODES = sorted({code for kind, (code, _) in CLIENT_CODES.items() if not issubclass(kind, OWN_WORDS)})
PHASES = get_args(Status.model_fields["phase"].annotation)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_a_client_may_get_has_a_text(code: str, language: Language) -> None:
    text = error_message(code, language)
    assert language_of(text) == language
    assert text.endswith("." if language == "en" else "。")


def test_there_is_no_text_for_a_code_nobody_gets() -> None:
    assert set(labels._ERRORS) == set(CODES)


@pytest.mark.parametrize("name", labels._LABELS)
def test_a_label_is_in_both_languages_and_holds_the_same_values(name: str) -> None:
    texts = labels._LABELS[name]
    assert set(texts) == set(LANGUAGES)
    assert all(language_of(text) == language for language, text in texts.items())
    assert sorted(re.findall(r"\{\w+\}", texts["en"])) == sorted(re.findall(r"\{\w+\}", texts["zh"]))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("state", ["start", "end", "error"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phase_has_a_label_for_every_state(phase: str, state: str, language: Language) -> None:
    if (phase, state) == ("generation", "end"):
        return  # `complete` says it
    assert label(f"{phase}.{state}", language, count=3)


def test_a_count_stands_in_its_label() -> None:
    assert label("retrieval.end", "en", count=5) == "Found 5 passages"
    assert label("retrieval.end", "zh", count=5) == "找到 5 段相关资料"
