from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from localcloud.models.embedding import DIMENSIONS, LocalEmbedder


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


def likeness(embedder: LocalEmbedder, one: str, other: str) -> float:
    first, second = embedder.embed([one, other])
    return float(first @ second)


@pytest.mark.parametrize("dimensions", [64, 256, DIMENSIONS, 1536, 4096])
def test_vectors_have_the_asked_width_and_length_one(embedder: LocalEmbedder, dimensions: int) -> None:
    vectors = embedder.embed(["How long does a refund take?", "退款需要多久？"], dimensions)
    assert vectors.shape == (2, dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_a_text_has_one_vector_whatever_it_comes_with(embedder: LocalEmbedder) -> None:
    alone = embedder.embed(["refund"])[0]
    assert np.array_equal(embedder.embed(["年假", "refund", "a much longer text about tents"])[1], alone)


def test_another_process_makes_the_same_vector(embedder: LocalEmbedder) -> None:
    code = (
        "from localcloud.models.embedding import LocalEmbedder\n"
        "print(LocalEmbedder().embed(['refund 退款']).tobytes().hex())"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert seen.strip() == embedder.embed(["refund 退款"]).tobytes().hex()


def test_loading_leaves_logging_alone() -> None:
    code = (
        "import logging\n"
        "from localcloud.models.embedding import LocalEmbedder\n"
        "LocalEmbedder().load()\n"
        "assert not logging.getLogger().handlers"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("How long does a refund take?", "Refunds are paid within 5 days.", "Tents are covered for 3 years."),
        ("May I bring my puppy?", "Dogs are welcome in the office.", "Invoices are paid on Wednesday."),
        ("年假有几天？", "年假额度为 12 天。", "退款 5 个工作日到账。"),
    ],
)
def test_what_means_the_same_is_nearer(embedder: LocalEmbedder, question: str, near: str, far: str) -> None:
    assert likeness(embedder, question, near) > likeness(embedder, question, far) + 0.1


def test_a_text_without_terms_is_nowhere(embedder: LocalEmbedder) -> None:
    assert not embedder.embed([""]).any()
    assert np.isfinite(embedder.embed(["？！", " ", "\ud83d"])).all()
