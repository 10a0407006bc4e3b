"""Question, passages and memory -> the messages for the model, within a token budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from thinkaloud.knowledge.index import Match
from thinkaloud.language import estimate_tokens
from thinkaloud.models.chat import ChatMessage
from thinkaloud.state.records import Exchange

#: Share of the budget, after system and question, that goes to passages; memory gets what they leave.
_PASSAGES_SHARE = 0.7


@dataclass(frozen=True)
class Prompt:
    """What the model gets. `matches` are the passages that found room, in the order of their numbers from 1."""

    messages: list[ChatMessage]
    matches: list[Match]
    tokens: int


def build_prompt(
    question: str, system: str, matches: Sequence[Match] | None, memory: Sequence[Exchange], budget: int
) -> Prompt:
    """Fill the budget: the question always, then the best passages, then the latest exchanges that still fit.

    `budget` and `Prompt.tokens` are in estimated tokens (`thinkaloud.language.estimate_tokens`). A question that alone
    is over the budget is sent all the same, without passages and memory: the protocol bounds its length. Where
    `matches` is None the question asks the documents nothing, and the prompt has no place for passages at all.
    """
    left = budget - estimate_tokens(system)
    kept = _fitting(matches or [], int(_PASSAGES_SHARE * (left - estimate_tokens(_user([], question)))))
    user = _question(question) if matches is None else _user(kept, question)
    left -= estimate_tokens(user)
    remembered: list[ChatMessage] = []
    for exchange in reversed(memory):
        left -= estimate_tokens(exchange.question) + estimate_tokens(exchange.answer)
        if left < 0:
            break
        remembered[:0] = [ChatMessage("user", exchange.question), ChatMessage("assistant", exchange.answer)]
    messages = [ChatMessage("system", system), *remembered, ChatMessage("user", user)]
    return Prompt(messages, kept, sum(estimate_tokens(message.content) for message in messages))


def _fitting(matches: Sequence[Match], budget: int) -> list[Match]:
    """The best passages within the budget; one that is too long leaves room to shorter ones after it."""
    kept: list[Match] = []
    for match in matches:
        cost = estimate_tokens(_passage(len(kept) + 1, match))
        if cost <= budget:
            kept.append(match)
            budget -= cost
    return kept


def _passage(number: int, match: Match) -> str:
    """A passage as data: what it holds is escaped, so that no text can close the tag and speak as the user."""
    passage = match.passage
    title = f"{passage.title} › {passage.section}" if passage.section else passage.title
    head = f'<passage id="{number}" title={quoteattr(title)} uri={quoteattr(passage.uri)}>'
    return f"{head}\n{escape(passage.text)}\n</passage>"


def _user(matches: Sequence[Match], question: str) -> str:
    passages = [_passage(number, match) for number, match in enumerate(matches, start=1)]
    block = "\n".join(["<passages>", *passages, "</passages>"]) if passages else "<passages></passages>"
    return f"{block}\n\n{_question(question)}"


def _question(question: str) -> str:
    return f"<question>{escape(question)}</question>"
