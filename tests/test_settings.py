"""Settings say by name what is missing or wrong."""

from __future__ import annotations

from dataclasses import fields

import pytest

from thinkaloud.errors import ConfigurationError
from thinkaloud.settings import (
    ALL,
    ChatSettings,
    JwtSettings,
    OriginSettings,
    RetrievalSettings,
    TableSettings,
    read,
)

JWT = {"JWT_ALGORITHM": "RS256", "JWT_ISSUER": "https://login.example.com/", "JWT_AUDIENCE": "thinkaloud"}


def test_a_group_is_read_with_its_defaults() -> None:
    assert read(JwtSettings, JWT) == JwtSettings(
        algorithm="RS256", issuer="https://login.example.com/", audience="thinkaloud", tenant_claim="tenant"
    )


def test_numbers_and_lists_are_read_as_such() -> None:
    chat = read(ChatSettings, {"CHAT_BASE_URL": "http://x", "CHAT_MODEL": "m", "PROMPT_TOKENS": " 500 "})
    assert (chat.prompt_tokens, chat.answer_tokens) == (500, 1_000)
    origins = read(OriginSettings, {"ALLOWED_ORIGINS": "https://app.example.com, http://127.0.0.1:8080,"})
    assert origins.allowed == ("https://app.example.com", "http://127.0.0.1:8080")


@pytest.mark.parametrize("environ", [{}, {"TABLE_NAME": ""}, {"TABLE_NAME": "  "}])
def test_a_missing_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="TABLE_NAME is missing"):
        read(TableSettings, environ)


@pytest.mark.parametrize("value", ["none", "hs256", "HS512"])
def test_an_algorithm_that_is_not_offered_is_refused_with_those_that_are(value: str) -> None:
    with pytest.raises(ConfigurationError, match="HS256, RS256, ES256"):
        read(JwtSettings, {**JWT, "JWT_ALGORITHM": value})


@pytest.mark.parametrize("value", ["0", "000", "-1", "1.5", "five", "1e3"])
def test_a_count_is_a_whole_number_above_0(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TOP_K is .* above 0"):
        read(RetrievalSettings, {"TOP_K": value})


@pytest.mark.parametrize("value", ["0", "1", "0.25", "1e-3"])
def test_a_share_is_a_number_from_0_to_1(value: str) -> None:
    assert read(RetrievalSettings, {"DENSE_WEIGHT": value}).dense_weight == float(value)


@pytest.mark.parametrize("value", ["-0.1", "1.01", "half", "nan", "inf"])
def test_a_share_outside_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"DENSE_WEIGHT is .* from 0 to 1"):
        read(RetrievalSettings, {"DENSE_WEIGHT": value})


def test_each_variable_belongs_to_one_group() -> None:
    names = [item.metadata["variable"] for kind in ALL for item in fields(kind)]
    assert len(names) == len(set(names))
