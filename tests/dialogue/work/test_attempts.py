"""What a client sees of a model that is asked again, and of the model that answers in its place. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from tests.builders import NOW, match, question
from tests.dialogue.players import Found
from tests.virtual_time import in_virtual_time
from thinkaloud.dialogue.answer.interrupt import Stop
from thinkaloud.dialogue.answer.turn import Abilities, Turn
from thinkaloud.errors import ModelUnavailable
from thinkaloud.models.chat import ChatMessage, Delta, Event, Finish
from thinkaloud.models.steadfast import Patience, SteadfastChat
from thinkaloud.protocol.frames import Complete, Error, Reasoning, Reset, Text, TurnFrame
from thinkaloud.state.records import Exchange, Outcome

Step = Delta | Finish | Exception | float
FOREVER = 1e6
END = Finish("stop", None)


class Model:
    """Plays one script a time it is asked; a number is a pause in seconds."""

    def __init__(self, name: str, *scripts: Sequence[Step]) -> None:
        self.name = name
        self._scripts = list(scripts)

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        for step in self._scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step


def play(*models: Model, text: str = "How long?", stop_after: float | None = None) -> tuple[list[TurnFrame], Outcome]:
    """The frames of a turn that these models answer, and what is stored of it."""
    abilities = Abilities(Found([match()]), SteadfastChat(models, Patience()), 2_000)

    async def memory() -> list[Exchange]:
        return []

    async def run() -> tuple[list[TurnFrame], Outcome]:
        stop = Stop()
        turn = Turn(question(text), abilities, memory, stop, lambda: NOW)
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, stop.ask, "user")
        frames = [frame async for frame in turn.frames()]
        last = frames[-1]
        assert isinstance(last, Complete | Error)
        return frames, turn.outcome(last)

    return in_virtual_time(run())


def said(frames: Sequence[TurnFrame]) -> list[TurnFrame]:
    return [frame for frame in frames if isinstance(frame, Text | Reasoning | Reset)]


def test_the_model_that_answered_is_named() -> None:
    failing = (ModelUnavailable("503"),)
    frames, outcome = play(Model("first", failing, failing), Model("second", (Delta("Five days."), END)))
    assert isinstance(frames[-1], Complete)
    assert frames[-1].model == outcome.model == "second"
    assert said(frames) == [Text(part="answer", step=1, content="Five days.")]


def test_so_is_the_one_that_was_stopped() -> None:
    failing = (ModelUnavailable("503"),)
    second = Model("second", (Delta("Five"), FOREVER))
    frames, outcome = play(Model("first", failing, failing), second, stop_after=5.0)
    assert isinstance(frames[-1], Complete)
    assert (frames[-1].finish, frames[-1].reason, frames[-1].model) == ("stopped", "user", "second")
    assert outcome.answer == "Five"


def test_before_anyone_has_answered_it_is_the_first_that_was_asked() -> None:
    frames, outcome = play(Model("first", (FOREVER,)), stop_after=5.0)
    assert isinstance(frames[-1], Complete)
    assert frames[-1].model == outcome.model == "first"


def test_thoughts_of_an_attempt_that_failed_are_taken_back() -> None:
    first = Model("first", (Delta("Hm", "reasoning"), FOREVER), (Delta("So", "reasoning"), Delta("Five."), END))
    frames, _ = play(first)
    assert said(frames) == [
        Reasoning(part="reasoning", step=1, content="Hm"),
        Reset(step=1),
        Reasoning(part="reasoning", step=1, content="So"),
        Text(part="answer", step=1, content="Five."),
    ]


def test_nothing_is_taken_back_where_nothing_was_said() -> None:
    frames, _ = play(Model("first", (ModelUnavailable("503"),), (Delta("Five."), END)))
    assert not [frame for frame in frames if isinstance(frame, Reset)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("How long?", "The language model stopped responding. Please try again."),
        ("退款需要多久？", "语言模型长时间没有响应，请重试。"),
    ],
)
def test_an_answer_that_stalls_ends_with_a_typed_error_and_keeps_what_was_said(text: str, message: str) -> None:
    frames, outcome = play(Model("first", (Delta("Five"), FOREVER)), text=text)
    assert frames[-1] == Error(code="model_stalled", message=message, retryable=True)
    assert (outcome.state, outcome.answer, outcome.error) == ("failed", "Five", "model_stalled")
