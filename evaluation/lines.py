"""JSON Lines: a question or a document a line.

    {"question": "When do points expire?", "document": "handbook/en/membership.md"}
    {"turns": ["How much leave do I get?", "And for contractors?"], "document": "handbook/en/contractors.md"}
    {"question": "Who won the cup?", "answerable": false}
    {"question": "...", "context": "the paragraph that answers it", "title": "Refunds", "answers": ["..."]}
    {"document": "a.md", "title": "Refunds", "text": "a document of a corpus"}

docs/evaluation.md lists every field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from evaluation.errors import DatasetError
from evaluation.rows import Paragraph, Row, Sheet, flag_of, text_of, texts_of
from thinkaloud.language import Language


def read_records(records: Iterable[tuple[str, Mapping[str, Any]]]) -> Sheet:
    """The questions and documents of (where, record) pairs.

    Raises:
        DatasetError: a field is missing or of the wrong type.
    """
    sheet = Sheet()
    for where, record in records:
        turns = _turns(record, where)
        title = text_of(record, where, "title").replace("_", " ")
        text = text_of(record, where, "context") if turns else text_of(record, where, "text", "context")
        named = _documents(record, where)
        if text:
            names = named or ((text_of(record, where, "id", "_id"),) if not turns else ())
            sheet.paragraphs.append(Paragraph(text, title, names[0] if names else ""))
        if turns:
            sheet.rows.append(_row(record, where, turns, text, named))
        elif not text:
            raise DatasetError(f"{where}: it has neither a 'question' nor 'turns' nor, for a document, a 'text'")
    return sheet


def _row(record: Mapping[str, Any], where: str, turns: tuple[str, ...], text: str, named: tuple[str, ...]) -> Row:
    impossible = flag_of(record, where, "is_impossible", default=False)
    return Row(
        where=where,
        id=text_of(record, where, "id", "_id"),
        turns=turns,
        language=_language(record, where),
        answerable=flag_of(record, where, "answerable", default=not impossible),
        answers=texts_of(record.get("answers", record.get("answer")), where, "answers"),
        documents=() if text else named,
        context=text or None,
    )


def _turns(record: Mapping[str, Any], where: str) -> tuple[str, ...]:
    if record.get("turns") is None:
        question = text_of(record, where, "question")
        return (question,) if question else ()
    turns = record["turns"]
    if not isinstance(turns, list) or not all(isinstance(turn, str) and turn.strip() for turn in turns) or not turns:
        raise DatasetError(f"{where}: 'turns' must be a list of questions, the one that is measured last")
    return tuple(turn.strip() for turn in turns)


def _documents(record: Mapping[str, Any], where: str) -> tuple[str, ...]:
    for name in ("document", "documents", "page", "uri"):
        if found := texts_of(record.get(name), where, name):
            return found
    return ()


def _language(record: Mapping[str, Any], where: str) -> Language | None:
    value = text_of(record, where, "language")
    languages: tuple[Language, ...] = get_args(Language)
    for language in languages:
        if value.lower().replace("_", "-").split("-")[0] == language:
            return language
    if value:
        raise DatasetError(f"{where}: 'language' is {value!r}; it must be one of {', '.join(languages)}")
    return None
