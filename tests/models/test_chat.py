"""The model that plays a script, which other tests rely on."""

from __future__ import annotations

import pytest

from thinkaloud.errors import ModelBusy
from thinkaloud.models.chat import ChatMessage, Delta, Finish, ScriptedChat


async def test_a_script_is_played_and_the_prompt_kept() -> None:
    script: list[Delta | Finish] = [Delta("Five "), Delta("days."), Finish("stop", None)]
    chat = ScriptedChat(script)
    prompt = [ChatMessage("user", "How long?")]
    assert [event async for event in chat.stream(prompt)] == script
    assert chat.prompts == [prompt]


async def test_an_exception_is_raised_in_its_place() -> None:
    stream = ScriptedChat([Delta("Five "), ModelBusy("429"), Delta("days.")]).stream([])
    assert await anext(stream) == Delta("Five ")
    with pytest.raises(ModelBusy):
        await anext(stream)
