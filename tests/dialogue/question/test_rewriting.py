"""A model completes a question, or is not waited for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.dialogue.players import PacedChat
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.question.rewriting import ModelRewrite
from thinkaloud.errors import ModelBusy
from thinkaloud.models.chat import Delta, Finish
from thinkaloud.state.records import Exchange

MEMORY = [Exchange("How many days of annual leave do I get?", "Twelve [1].")]
END = Finish("stop", None)


def rewritten(
    *script: Delta | Finish | Exception | float, text: str = "Interns?", memory: Sequence[Exchange] = MEMORY
) -> str | None:
    async def run() -> str | None:
        return await ModelRewrite(PacedChat(*script), seconds=1.5)(text, memory)

    return in_virtual_time(run())


def test_the_model_says_the_whole_question() -> None:
    assert rewritten(Delta("How many days of annual "), Delta("leave do interns get?\n"), END) == (
        "How many days of annual leave do interns get?"
    )


def test_the_model_gets_the_conversation_and_the_question_and_no_passages() -> None:
    chat = PacedChat(Delta("那实习生有几天年假？"), END)

    async def run() -> str | None:
        return await ModelRewrite(chat, seconds=1.5)("实习生", [Exchange("年假有几天？", "12 天 [1]。")])

    assert in_virtual_time(run()) == "那实习生有几天年假？"
    [system, asked, answered, question] = chat.prompts[0]
    assert "改写" in system.content
    assert (asked.content, answered.content) == ("年假有几天？", "12 天 [1]。")
    assert question.content == "<question>实习生</question>"


@pytest.mark.parametrize(
    "script",
    [
        [2.0, Delta("How many days of leave do interns get?"), END],
        [Delta("How many days"), 60.0],
        [ModelBusy("429")],
        [Delta("I cannot help with that."), END],
        [Delta("Interns get leave.\nThey have ten days."), END],
        [Delta("Interns " * 50), END],
        [END],
    ],
    ids=["late", "stalled", "failing", "refusing", "answering", "endless", "silent"],
)
def test_whatever_is_no_question_is_left_to_the_rules(script: list[Delta | Finish | Exception | float]) -> None:
    assert rewritten(*script) is None


def test_a_model_that_is_late_is_not_waited_for() -> None:
    chat = PacedChat(60.0)

    async def run() -> str | None:
        return await ModelRewrite(chat, seconds=1.5)("Interns?", MEMORY)

    in_virtual_time(run())
    assert chat.closed_at == pytest.approx(1.5, abs=0.001)
