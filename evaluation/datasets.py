"""A file of questions, and the documents they are asked of -> an `EvaluationSet`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.cases import Case
from evaluation.corpus import Corpus
from evaluation.errors import DatasetError
from evaluation.rows import Row, Sheet
from evaluation.sheets import read_sheet
from thinkaloud.knowledge.documents import MEDIA
from thinkaloud.language import language_of


@dataclass(frozen=True)
class EvaluationSet:
    """Questions with the documents they are asked of. `notes` are lines for a person, on what was left out."""

    name: str
    cases: tuple[Case, ...]
    corpus: Corpus
    notes: tuple[str, ...] = ()


def read_set(paths: Sequence[Path], corpus: Path | None = None) -> EvaluationSet:
    """The questions of one or several files.

    Without `corpus` they are asked of the files' own paragraphs, or of the documents that they name, which are looked
    for beside the file. With it, of that file's paragraphs, or of the documents in that folder; a question's place is
    then found by its paragraph's text, by the document's name, by the question's id, or by its paragraph's position,
    in this order.

    Raises:
        DatasetError: a file cannot be read, or no question's place is known.
    """
    sheets = [read_sheet(path) for path in paths]
    rows = [row for sheet in sheets for row in sheet.rows]
    name = " + ".join(path.stem for path in paths)
    if not rows:
        raise DatasetError(f"{name}: there is no question in it")
    other = Sheet()
    if corpus is None:
        documents = _own_documents(paths, sheets)
    elif corpus.is_dir():
        documents = _folder(corpus, corpus, paths)
    elif corpus.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        other = read_sheet(corpus)
        documents = Corpus.of_paragraphs(other.paragraphs)
    else:
        documents = Corpus.of_files([corpus], corpus.parent)
    if not len(documents):
        raise DatasetError(f"{corpus or name}: there is no document in it; name one with --corpus")
    return _linked(name, rows, documents, _Guide.of(sheets, other, documents, own=corpus is None))


def _own_documents(paths: Sequence[Path], sheets: Sequence[Sheet]) -> Corpus:
    """The files' own paragraphs; where there are none, the documents that the questions name, and those beside them.

    What stands beside them matters: a question is only as hard as the documents it could be confused with are many.
    """
    paragraphs = [paragraph for sheet in sheets for paragraph in sheet.paragraphs]
    if paragraphs:
        return Corpus.of_paragraphs(paragraphs)
    root = paths[0].resolve().parent
    named = sorted({name for sheet in sheets for row in sheet.rows for name in row.documents})
    if not named:
        raise DatasetError(f"{paths[0].name}: no question names a document or has a context; name them with --corpus")
    missing = [name for name in named if not (root / name).is_file()]
    if missing:
        raise DatasetError(f"{paths[0].name}: {missing[0]} is not in {root}; name the documents with --corpus")
    above = os.path.commonpath([Path(name).parent for name in named])
    return _folder(root / above, root, paths) if above else Corpus.of_files([root / name for name in named], root)


def _folder(folder: Path, root: Path, sets: Sequence[Path]) -> Corpus:
    """Every document in a folder, but for the sets themselves: a file of questions must not answer them."""
    asked = {path.resolve() for path in sets}
    found = [path for path in folder.resolve().rglob("*") if path.suffix.lower() in MEDIA and path.is_file()]
    return Corpus.of_files(sorted(path for path in found if path not in asked), root.resolve())


@dataclass(frozen=True)
class _Guide:
    """Where questions find their places in a corpus that is another file's."""

    ids: dict[str, str]
    same_shape: bool

    @classmethod
    def of(cls, sheets: Sequence[Sheet], other: Sheet, corpus: Corpus, *, own: bool) -> _Guide:
        """Own paragraphs are found by their text alone: neither ids nor positions are needed, nor unique."""
        if own:
            return cls({}, same_shape=False)
        texts = ((row.id, corpus.with_text(row.context)) for row in other.rows if row.id and row.context)
        same = len(sheets) == 1 and bool(other.shape) and sheets[0].shape == other.shape
        return cls({row: uri for row, uri in texts if uri}, same_shape=same)


def _linked(name: str, rows: Sequence[Row], corpus: Corpus, guide: _Guide) -> EvaluationSet:
    cases, lost = [], []
    ids: set[str] = set()
    for number, row in enumerate(rows, start=1):
        places = _places(row, corpus, guide) if row.answerable else frozenset[str]()
        if row.answerable and not places:
            lost.append(row)
            continue
        unique = row.id if row.id and row.id not in ids else f"{row.id or 'q'}#{number}"
        ids.add(unique)
        language = row.language or language_of(row.turns[-1])
        cases.append(Case(unique, row.turns, language, places, row.answerable, row.answers))
    if lost and not any(case.answerable for case in cases):
        raise DatasetError(f"{lost[0].where}: its place is not in the corpus, and so for all {len(lost)} questions")
    notes = []
    if lost:
        first = lost[0].where
        notes.append(
            f"left out {len(lost)} of {len(rows)} questions: their place is not in the corpus; the first: {first}"
        )
    return EvaluationSet(name, tuple(cases), corpus, tuple(notes))


def _places(row: Row, corpus: Corpus, guide: _Guide) -> frozenset[str]:
    if row.context and (uri := corpus.with_text(row.context)):
        return frozenset({uri})
    if named := {uri for name in row.documents for uri in corpus.named(name)}:
        return frozenset(named)
    if uri := guide.ids.get(row.id):
        return frozenset({uri})
    if guide.same_shape and row.position is not None and (uri := corpus.at(row.position)):
        return frozenset({uri})
    return frozenset()
