"""Small sets of questions, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def squad(*paragraphs: tuple[str, list[dict[str, Any]]], title: str = "Nature") -> dict[str, Any]:
    """A SQuAD file with one article."""
    return {
        "version": "1.1",
        "data": [{"title": title, "paragraphs": [{"context": text, "qas": qas} for text, qas in paragraphs]}],
    }


def qa(key: str, question: str, *answers: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "question": question, "answers": [{"text": text, "answer_start": 0} for text in answers], **more}


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n"
