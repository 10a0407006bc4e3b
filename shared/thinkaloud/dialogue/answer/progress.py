"""What is known of a turn so far: what is shown, stored and audited is told from here, also where it breaks off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from thinkaloud.dialogue.answer.sources import source_documents
from thinkaloud.dialogue.question.understanding import Understood
from thinkaloud.knowledge.index import Match
from thinkaloud.knowledge.retrieval.search import Retrieval, Search
from thinkaloud.models.chat import Finish
from thinkaloud.protocol.frames import Source, SourceDocument


@dataclass
class Progress:
    """A turn on its way.

    `search` is what was looked for, where anything was, and `retrieval` what was found, where that did not fail.
    `passages` are the texts that markers may point to, by number, and `numbers` the chunks' numbers by their ids.
    `covered` is whether the documents answer: None as long as nothing was found out. `model` is the one that answers.
    """

    answer: str = ""
    understood: Understood | None = None
    search: Search | None = None
    retrieval: Retrieval | None = None
    covered: bool | None = None
    sources: tuple[SourceDocument, ...] = ()
    passages: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    prompt: str = ""
    prompt_tokens: int = 0
    model: str | None = None
    finish: Finish | None = None
    removed: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    def use(self, matches: Sequence[Match]) -> Source:
        """These are the passages that the answer may cite, numbered from 1."""
        self.passages = {str(number): match.passage.text for number, match in enumerate(matches, start=1)}
        self.numbers = {match.passage.id: str(number) for number, match in enumerate(matches, start=1)}
        self.sources = source_documents(matches)
        return Source(docs=self.sources)
