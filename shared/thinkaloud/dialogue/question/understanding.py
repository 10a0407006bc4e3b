"""A question in its conversation -> what to look for.

Most questions say it themselves, and the search for them starts while the conversation is still being loaded. What
leans on the conversation is completed from it by rules; only where those are not sure may a model be asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from thinkaloud.dialogue.question.followup import read_question
from thinkaloud.dialogue.question.smalltalk import is_talk
from thinkaloud.knowledge.retrieval.search import Search
from thinkaloud.state.audit import Kind, Rewritten
from thinkaloud.state.records import Exchange

#: Earlier questions that a chain of follow-ups is traced back through.
_CHAIN = 3

#: A question and what was said before -> the question as it would be asked alone; None where nothing came in time.
Rewrite = Callable[[str, Sequence[Exchange]], Awaitable[str | None]]


@dataclass(frozen=True)
class Understood:
    """What a question was taken for, and what to look for: nothing where it asks the documents nothing."""

    kind: Kind
    search: Search | None
    rewritten: Rewritten = "none"


def understand_at_once(text: str) -> Understood | None:
    """What can be said of the question without the conversation; None where that is needed."""
    if is_talk(text):
        return Understood("talk", None)
    if read_question(text).stance == "alone":
        return Understood("question", Search(text))
    return None


async def understand(text: str, memory: Sequence[Exchange], rewrite: Rewrite | None = None) -> Understood:
    """What to look for, given what was said before. `rewrite` is asked at most once, where the rules are not sure."""
    understood = understand_by_rules(text, memory)
    unsure = understood.kind == "follow_up" and read_question(text).stance == "unsure"
    if unsure and rewrite is not None and (alone := await rewrite(text, memory)):
        return Understood("question" if alone == text else "follow_up", Search(alone), "model")
    return understood


def understand_by_rules(text: str, memory: Sequence[Exchange]) -> Understood:
    """What to look for, given what was said before, where no model is to be asked."""
    reading = read_question(text)
    context = "" if reading.stance == "alone" else "\n".join(_led_here(memory))
    if not context:
        return Understood("question", Search(text))
    if not reading.topics:
        # It names nothing of its own, so that what it leans on is what is looked for.
        return Understood("follow_up", Search(f"{context}\n{text}", context), "rules")
    return Understood("follow_up", Search(text, context), "rules")


def _led_here(memory: Sequence[Exchange]) -> list[str]:
    """The earlier questions that this one may lean on, oldest first: back to the last that stood alone."""
    asked = (exchange.question for exchange in reversed(memory) if not is_talk(exchange.question))
    chain: list[str] = []
    for question in islice(asked, _CHAIN):
        chain.insert(0, question)
        if read_question(question).stance == "alone":
            break
    return chain
