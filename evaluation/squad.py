"""SQuAD-style files: articles of paragraphs, each with its questions.

SQuAD 1.1 and 2.0 (https://rajpurkar.github.io/SQuAD-explorer/), XQuAD, MLQA, DRCD and CMRC 2018 share the shape:

    {"data": [{"title": "Refunds", "paragraphs": [{"context": "...", "qas": [
        {"id": "1", "question": "...", "answers": [{"text": "...", "answer_start": 3}], "is_impossible": false}]}]}]}

CMRC 2018 was first published as a list of paragraphs whose fields are called `context_text`, `query_text` and
`query_id`; that is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluation.errors import DatasetError
from evaluation.rows import Paragraph, Position, Row, Sheet, flag_of, mapping, sequence, text_of, texts_of


def is_squad(content: object) -> bool:
    """Whether a JSON file has this shape, right or wrong in its details."""
    match content:
        case {"data": [{"question": _}, *_]}:
            return False  # a list of records, as some exports write it
        case {"data": list()} | [{"context_text": _}, *_] | [{"paragraphs": _}, *_]:
            return True
    return False


def read_squad(content: Any, name: str) -> Sheet:
    """The paragraphs and questions of a parsed file called `name`.

    Raises:
        DatasetError: a field is missing or of the wrong type.
    """
    sheet = Sheet()
    for where, position, title, paragraph in _paragraphs(content, name):
        text = text_of(paragraph, where, "context", "context_text")
        if not text:
            raise DatasetError(f"{where}: 'context' is missing or empty")
        sheet.paragraphs.append(Paragraph(text, title, text_of(paragraph, where, "id", "context_id"), position))
        for number, item in enumerate(sequence(paragraph, where, "qas")):
            sheet.rows.append(_row(mapping(item, f"{where}.qas[{number}]"), f"{where}.qas[{number}]", text, position))
    return sheet


def _paragraphs(content: Any, name: str) -> Iterator[tuple[str, Position, str, Mapping[str, Any]]]:
    """(where, position, title, paragraph) of every paragraph, in order."""
    articles = content["data"] if isinstance(content, dict) else content
    path = f"{name}: data" if isinstance(content, dict) else f"{name}: "
    for first, article in enumerate(articles):
        where = f"{path}[{first}]"
        article = mapping(article, where)
        title = text_of(article, where, "title").replace("_", " ")
        if "context_text" in article:
            yield where, (first, 0), title, article
            continue
        for second, paragraph in enumerate(sequence(article, where, "paragraphs")):
            inner = f"{where}.paragraphs[{second}]"
            yield inner, (first, second), title, mapping(paragraph, inner)


def _row(item: Mapping[str, Any], where: str, context: str, position: Position) -> Row:
    question = text_of(item, where, "question", "query_text")
    if not question:
        raise DatasetError(f"{where}: 'question' is missing or empty")
    return Row(
        where=where,
        id=text_of(item, where, "id", "query_id"),
        turns=(question,),
        answerable=not flag_of(item, where, "is_impossible", default=False),
        answers=texts_of(item.get("answers"), where, "answers"),
        context=context,
        position=position,
    )
