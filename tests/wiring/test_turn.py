"""What the environment says about the dialogue is what a turn works with."""

from __future__ import annotations

import pytest

from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.answer.variants import Variants
from thinkaloud.dialogue.question.rewriting import ModelRewrite
from thinkaloud.errors import ConfigurationError
from thinkaloud.wiring import turn

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "TABLE_NAME": "state",
    "CHAT_BASE_URL": "http://127.0.0.1:9/v1",
    "CHAT_MODEL": "extractive",
    "EMBEDDING_BASE_URL": "http://127.0.0.1:9/v1",
    "EMBEDDING_MODEL": "local-embedding",
    "PINECONE_INDEX_HOST": "http://127.0.0.1:9",
}


def abilities(monkeypatch: pytest.MonkeyPatch, **more: str) -> Abilities:
    for name in ("REWRITE", "PROMPT_VARIANTS", "RERANK_MODEL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**ENVIRONMENT, **more}.items():
        monkeypatch.setenv(name, value)
    return turn.abilities()


def test_by_default_rules_decide_and_there_is_one_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    made = abilities(monkeypatch)
    assert made.rewrite is None
    assert made.variants == Variants((("v1", 100),))
    assert made.models == {"embedding": "local-embedding"}


def test_a_deployment_can_let_a_model_complete_follow_ups_and_try_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    made = abilities(monkeypatch, REWRITE="model", PROMPT_VARIANTS="v1:90,v2:10", RERANK_MODEL="bge-reranker-v2-m3")
    assert isinstance(made.rewrite, ModelRewrite)
    assert made.variants == Variants((("v1", 90), ("v2", 10)))
    assert made.models == {"embedding": "local-embedding", "rerank": "bge-reranker-v2-m3"}


def test_a_variant_that_is_not_there_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="PROMPT_VARIANTS names 'v9'"):
        abilities(monkeypatch, PROMPT_VARIANTS="v9:1")
