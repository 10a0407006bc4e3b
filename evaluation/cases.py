"""What is asked, and what is known about it beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from thinkaloud.language import Language


@dataclass(frozen=True)
class Case:
    """A question whose answer is known.

    `turns` is the conversation: all but the last were asked before, and the last is what is measured. `places` are the
    uris of the documents of which any one answers it; none where `answerable` is false. `answers` are the wordings that
    count as right; none where the set does not say.
    """

    id: str
    turns: tuple[str, ...]
    language: Language
    places: frozenset[str]
    answerable: bool = True
    answers: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """What is measured."""
        return self.turns[-1]

    @property
    def follows_up(self) -> bool:
        """Whether it leans on what was asked before."""
        return len(self.turns) > 1
