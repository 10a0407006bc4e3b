"""What came of asking one question."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cited:
    """A citation of an answer: the place it points to, and the passage's words that it stands on."""

    place: str
    passage: str


@dataclass(frozen=True)
class Reply:
    """An answer as its reader gets it. `passages` are the texts it could use, in the order of their numbers."""

    text: str
    citations: tuple[Cited, ...] = ()
    passages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """What came of asking one question.

    `searched` is what was looked for: a follow-up may have been completed. `ranking` are the places of the passages
    that retrieval found, best first, one for each passage; `used` those of the passages that an answer could use.
    `score` is the best passage's. `covered` is false where retrieval says that the documents do not answer this.
    `reply` is None where only retrieval was asked for. `unrewritten` is the ranking for a follow-up's own words alone.
    `timings` are seconds by stage, where the question was asked while nothing else was. `error` says why there is no
    result, where there is none.
    """

    case: str
    searched: str = ""
    ranking: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    score: float | None = None
    covered: bool = True
    reply: Reply | None = None
    unrewritten: tuple[str, ...] | None = None
    timings: dict[str, float] = field(default_factory=dict)
    error: str = ""

    @property
    def abstained(self) -> bool:
        """Whether it was said that the documents do not answer this.

        Retrieval may say so; or the model, whose answer then cites nothing, as it is told to cite what it states.
        """
        return not self.covered or (self.reply is not None and not self.reply.citations)
