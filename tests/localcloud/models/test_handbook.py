"""The local models on the sample handbook, through the code that ingests and prompts: are they good enough?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from localcloud.models.embedding import LocalEmbedder
from localcloud.models.extractive import DOES_NOT_KNOW, ExtractiveModel
from thinkaloud.dialogue.prompt import build_prompt
from thinkaloud.dialogue.prompts import load_prompt
from thinkaloud.knowledge.chunking import Chunk, chunk
from thinkaloud.knowledge.documents import Document, read_document
from thinkaloud.knowledge.index import Match, Passage
from thinkaloud.knowledge.ingest import embedded_text

SAMPLES = Path(__file__).parents[3] / "samples"
QUESTIONS = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
OFF_TOPIC = [
    *("What is the capital of France?", "How do I bake bread?", "How tall is Mount Everest?", "Tell me a joke"),
    *("What is the meaning of life?", "What is the weather tomorrow?", "Who won the world cup in 2018?", "thanks"),
    *(
        "法国的首都是哪里？",
        "怎么做红烧肉？",
        "珠穆朗玛峰有多高？",
        "讲个笑话",
        "明天天气怎么样？",
        "人生的意义是什么？",
        "谢谢",
    ),
]


@dataclass(frozen=True)
class Handbook:
    """Every passage of both languages in one index."""

    embedder: LocalEmbedder
    passages: list[Passage]
    vectors: np.ndarray

    def nearest(self, question: str, count: int = 5) -> list[Match]:
        scores = self.vectors @ self.embedder.embed([question])[0]
        return [Match(self.passages[place], float(scores[place])) for place in np.argsort(-scores)[:count]]

    def answer(self, question: str) -> tuple[str, list[str]]:
        """The extractive answer, and the pages that it cites."""
        prompt = build_prompt(question, load_prompt("answer", "v1", "en"), self.nearest(question), [], 4_000)
        answer = ExtractiveModel(self.embedder).answer([prompt.messages[-1].content])
        return answer, [prompt.matches[int(number) - 1].passage.uri for number in re.findall(r"\[(\d+)\]", answer)]


def _passage(page: Document, piece: Chunk) -> Passage:
    return Passage(
        page.id, piece.position, page.title, page.uri, page.media, piece.section, page.language, piece.text, ""
    )


@pytest.fixture(scope="module")
def handbook() -> Handbook:
    pages = [read_document(path, SAMPLES) for path in sorted((SAMPLES / "handbook").rglob("*.md"))]
    passages = [_passage(page, piece) for page in pages for piece in chunk(page)]
    embedder = LocalEmbedder()
    return Handbook(embedder, passages, embedder.embed([embedded_text(passage) for passage in passages]))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_first_passage_is_of_the_right_page(handbook: Handbook, language: str) -> None:
    asked = [question for question in QUESTIONS if question["language"] == language]
    missed = [
        question["question"]
        for question in asked
        if handbook.nearest(question["question"], 1)[0].passage.uri != question["page"]
    ]
    assert len(missed) <= 0.05 * len(asked), missed


def test_the_answer_cites_the_right_page(handbook: Handbook) -> None:
    missed = [
        question["question"]
        for question in QUESTIONS
        if question["page"] not in handbook.answer(question["question"])[1]
    ]
    assert len(missed) <= 0.08 * len(QUESTIONS), missed


@pytest.mark.parametrize(
    ("question", "page", "fact"),
    [
        ("How long does a refund take?", "handbook/en/refunds.md", "5 working days"),
        ("我们部门今年的年假额度是多少？", "handbook/zh/annual-leave.md", "12 天"),
        ("退款几天能到账？", "handbook/zh/refunds.md", "5 个工作日"),
    ],
)
def test_the_questions_of_the_readme(handbook: Handbook, question: str, page: str, fact: str) -> None:
    answer, cited = handbook.answer(question)
    assert fact in answer
    assert set(cited) == {page}


@pytest.mark.parametrize("question", OFF_TOPIC)
def test_what_the_handbook_does_not_hold_is_not_known(handbook: Handbook, question: str) -> None:
    assert handbook.answer(question)[0] in DOES_NOT_KNOW.values()
