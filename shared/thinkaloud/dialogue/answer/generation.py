"""A prompt -> frames of the answer, as the model writes it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from thinkaloud.dialogue.answer.markers import MarkerFilter
from thinkaloud.dialogue.answer.progress import Progress
from thinkaloud.dialogue.prompt import Prompt
from thinkaloud.models.chat import Begin, ChatModel, Delta, Finish
from thinkaloud.protocol.frames import Reasoning, Reset, Text

#: The part that holds the answer; the one with the model's reasoning; the number of the only model call.
ANSWER, THOUGHTS, STEP = "answer", "reasoning", 1


async def write_answer(
    chat: ChatModel, prompt: Prompt, so_far: Progress
) -> AsyncGenerator[Text | Reasoning | Reset, None]:
    """The answer, without markers that point to nothing; `so_far` is kept up to date with what was yielded.

    Raises:
        ModelError: the model failed. What it had said was yielded.
    """
    started = time.perf_counter()
    so_far.prompt_tokens = prompt.tokens
    so_far.model = chat.name
    markers = MarkerFilter(so_far.passages)
    so_far.removed = markers.removed
    thought = False
    try:
        async with aclosing(chat.stream(prompt.messages)) as stream:
            async for event in stream:
                match event:
                    case Begin():
                        so_far.model = event.model
                        if thought:
                            thought = False
                            yield Reset(step=STEP)
                    case Finish():
                        so_far.finish = event
                    case Delta(content=content, kind="reasoning"):
                        thought = True
                        so_far.timings.setdefault("first_token", since(started))
                        yield Reasoning(part=THOUGHTS, step=STEP, content=content)
                    case Delta(content=content):
                        so_far.timings.setdefault("first_token", since(started))
                        if shown := markers.feed(content):
                            yield say(shown, so_far)
    except Exception:
        if rest := markers.end():
            yield say(rest, so_far)
        raise
    finally:
        so_far.timings["generation"] = since(started)
    if rest := markers.end():
        yield say(rest, so_far)


def say(content: str, so_far: Progress) -> Text:
    """A piece of the answer."""
    so_far.answer += content
    return Text(part=ANSWER, step=STEP, content=content)


def since(started: float) -> float:
    """Seconds since a moment by `time.perf_counter`."""
    return round(time.perf_counter() - started, 4)
