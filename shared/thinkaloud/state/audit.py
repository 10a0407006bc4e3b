"""The audit of a turn: why it was answered as it was. Plain data, to be stored and read by an authorised caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from thinkaloud.state.records import TurnKey

#: What a question was taken for: one that stands alone, one that leans on what was said before, or none about the
#: documents (a greeting, thanks, a word about the conversation itself).
Kind = Literal["question", "follow_up", "talk"]
#: Passages of an audit: those that were used and the best of the others. With these it is about one write unit.
MOST_WEIGHED = 12
#: Who worked out what a follow-up means.
Rewritten = Literal["none", "rules", "model"]


@dataclass(frozen=True)
class Weighed:
    """A passage that the search found, and what became of it.

    `id` is the chunk's; `number` its marker in the answer, where it was used; `reranked` the re-ranker's score, where
    one was asked; `dropped` why it was not used: `duplicate`, `score` or `room`.
    """

    id: str
    uri: str
    score: float
    title: str = ""
    section: str = ""
    page: int | None = None
    reranked: float | None = None
    dropped: str | None = None
    number: str | None = None


@dataclass(frozen=True)
class Audit:
    """Why a turn was answered as it was.

    Attributes:
        question: as it was asked, at `asked_at` (seconds since 1970).
        kind: what it was taken for.
        search: what was looked for; empty where nothing was. `context` is what the conversation was about, where
            `search` alone does not say it; `filter` restricted the passages.
        rewritten: who worked out what a follow-up means.
        candidates: the best of what the search found, best first; those with a `number` were used.
        threshold: the score that the best passage had to reach; None where nothing was looked for.
        covered: whether it did; None where nothing was looked for, or the search failed.
        variant: the prompts' variant that the session has, and `prompt` the file that was used, empty without a model.
        models: by what they did: `chat`, `embedding`, `rerank`.
        cited: the markers of the answer, in order, as often as they stand there.
        removed: the markers that pointed to nothing and were taken out.
        timings: seconds by stage. `usage`: tokens, as in `complete`.
        finish: how the turn ended, as in `complete`, or `error`, with the `error`'s code.
    """

    question: str
    asked_at: float
    kind: Kind = "question"
    search: str = ""
    context: str = ""
    filter: dict[str, Any] | None = None
    rewritten: Rewritten = "none"
    candidates: tuple[Weighed, ...] = ()
    threshold: float | None = None
    covered: bool | None = None
    variant: str = ""
    prompt: str = ""
    models: dict[str, str] = field(default_factory=dict)
    cited: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    finish: str = ""
    error: str | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The ids of the chunks that the answer was made from, in the order of their numbers."""
        numbered = [passage for passage in self.candidates if passage.number is not None]
        return tuple(passage.id for passage in sorted(numbered, key=lambda passage: int(passage.number or 0)))

    def to_json(self) -> str:
        """As text, without what has nothing to say."""
        fields = asdict(self)
        fields["candidates"] = [_said(weighed) for weighed in fields["candidates"]]
        return json.dumps(_said(fields), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Audit:
        """What `to_json` wrote. Fields of a newer version are left out.

        Raises:
            ValueError: it is something else.
        """
        try:
            fields = _known(cls, json.loads(text))
            candidates = tuple(Weighed(**_known(Weighed, weighed)) for weighed in fields.pop("candidates", ()))
            cited, removed = tuple(fields.pop("cited", ())), tuple(fields.pop("removed", ()))
            return cls(candidates=candidates, cited=cited, removed=removed, **fields)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"not an audit: {error}") from error


class AuditStore(Protocol):
    """The audits of turns, kept for some weeks. Every method may raise `StorageError`."""

    def write(self, key: TurnKey, audit: Audit, now: float) -> None:
        """Store a turn's audit; again replaces it."""

    def read(self, key: TurnKey) -> Audit | None:
        """A turn's audit, or None: it is too old, was never written, or cannot be read."""


class MemoryAudits:
    """`AuditStore` in a dict."""

    def __init__(self) -> None:
        self._audits: dict[TurnKey, str] = {}

    def write(self, key: TurnKey, audit: Audit, now: float) -> None:
        self._audits[key] = audit.to_json()

    def read(self, key: TurnKey) -> Audit | None:
        text = self._audits.get(key)
        return None if text is None else Audit.from_json(text)


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value not in ("", (), [], {})}


def _known(kind: type[Audit | Weighed], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in kind.__dataclass_fields__}
