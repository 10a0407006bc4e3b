"""Silence has its limits, a failure its second try, and text that was shown stays the answer. All in virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.virtual_time import in_virtual_time
from thinkaloud.client_codes import client_code
from thinkaloud.dialogue.labels import error_message
from thinkaloud.errors import (
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelStalled,
    ModelUnavailable,
)
from thinkaloud.models.chat import Begin, ChatMessage, Delta, Event, Finish
from thinkaloud.models.steadfast import BUSY_PAUSE, JITTER, LONGEST_PAUSE, UNAVAILABLE_PAUSE, Patience, SteadfastChat

Step = Delta | Finish | Exception | float
PROMPT = [ChatMessage("user", "年假有几天？")]
END = Finish("stop", None)
FOREVER = 1e6
ANSWER: tuple[Step, ...] = (Delta("十四天"), Delta("。"), END)


def at(seconds: float) -> Any:
    """A moment, but for the virtual clock's rounding."""
    return pytest.approx(seconds, abs=1e-6)


class Tries:
    """A model that plays one script a try; a number is a pause in seconds. Notes when it was asked and left."""

    def __init__(self, name: str, *scripts: Sequence[Step]) -> None:
        self.name = name
        self.asked: list[float] = []
        self.left: list[float] = []
        self._scripts = list(scripts)

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Event, None]:
        now = asyncio.get_running_loop().time
        assert list(messages) == PROMPT
        self.asked.append(now())
        script = self._scripts[len(self.asked) - 1]
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    yield step
        finally:
            self.left.append(now())


class Heard:
    """What came of asking `models`: the events, the error at the end if there was one, and when that was."""

    def __init__(self, *models: Tries, patience: Patience | None = None) -> None:
        self.events: list[Event] = []
        self.error: ModelError | None = None
        self.ended = in_virtual_time(self._listen(SteadfastChat(models, patience or Patience())))

    async def _listen(self, chat: SteadfastChat) -> float:
        try:
            async for event in chat.stream(PROMPT):
                self.events.append(event)
        except ModelError as error:
            self.error = error
        return asyncio.get_running_loop().time()

    @property
    def text(self) -> str:
        return "".join(event.content for event in self.events if isinstance(event, Delta) and event.kind == "text")

    @property
    def begun(self) -> list[str]:
        """The models that began to answer."""
        return [event.model for event in self.events if isinstance(event, Begin)]


# ---- silence ---------------------------------------------------------------------------------------------------------


def test_a_model_that_answers_is_left_alone() -> None:
    model = Tries("first", (59.0, Delta("十四天"), 29.0, Delta("。"), 29.0, END))
    heard = Heard(model)
    assert heard.events == [Begin("first"), Delta("十四天"), Delta("。"), END]
    assert len(model.asked) == 1
    assert heard.ended == at(117.0)


def test_a_first_word_that_does_not_come_is_asked_for_again() -> None:
    model = Tries("first", (FOREVER, *ANSWER), ANSWER)
    heard = Heard(model)
    assert (heard.text, heard.error) == ("十四天。", None)
    assert model.asked == [at(0.0), at(60.0)]
    assert model.left[0] == at(60.0), "the first stream is closed when its time is up"


def test_a_second_silence_is_the_end() -> None:
    model = Tries("first", (FOREVER,), (FOREVER,))
    heard = Heard(model)
    assert type(heard.error) is ModelStalled
    assert str(heard.error) == "first was silent for 60 s before its first word"
    assert (heard.events, heard.ended) == ([], at(120.0))


def test_an_answer_that_stops_in_the_middle_ends_there() -> None:
    model = Tries("first", (Delta("十四"), FOREVER))
    heard = Heard(model, Tries("second", ANSWER))
    assert type(heard.error) is ModelStalled
    assert str(heard.error) == "first was silent for 30 s in mid-answer"
    assert (heard.text, heard.begun) == ("十四", ["first"]), "a second answer would contradict what was shown"
    assert model.left == [at(30.0)]


def test_reasoning_is_not_silence() -> None:
    thinking = [step for _ in range(20) for step in (25.0, Delta("想", "reasoning"))]
    heard = Heard(Tries("first", (*thinking, 25.0, *ANSWER)))
    assert (heard.text, heard.error) == ("十四天。", None)


def test_reasoning_that_stalls_is_begun_anew() -> None:
    """No text was shown; `Begin` tells that the thoughts before it are void."""
    model = Tries("first", (Delta("想", "reasoning"), FOREVER), (Delta("再想", "reasoning"), *ANSWER))
    heard = Heard(model)
    thoughts = [event for event in heard.events if not isinstance(event, Finish)]
    assert thoughts[:4] == [Begin("first"), Delta("想", "reasoning"), Begin("first"), Delta("再想", "reasoning")]
    assert heard.error is None


def test_the_limits_are_settings() -> None:
    heard = Heard(Tries("first", (3.0, *ANSWER), (Delta("十"), 2.0, END)), patience=Patience(first=2.5, between=1.5))
    assert (heard.text, type(heard.error)) == ("十", ModelStalled)
    assert heard.ended == at(2.5 + 1.5)


def test_the_readers_own_time_does_not_count() -> None:
    async def read_slowly() -> str:
        text = ""
        async for event in SteadfastChat([Tries("first", ANSWER)], Patience(first=1.0, between=1.0)).stream(PROMPT):
            text += event.content if isinstance(event, Delta) else ""
            await asyncio.sleep(10.0)
        return text

    assert in_virtual_time(read_slowly()) == "十四天。"


def test_a_reader_who_leaves_closes_the_stream_at_once() -> None:
    model = Tries("first", (Delta("十四"), FOREVER))

    async def leave() -> None:
        async with aclosing(SteadfastChat([model], Patience()).stream(PROMPT)) as events:
            assert await anext(events) == Begin("first")

    in_virtual_time(leave())
    assert model.left == [at(0.0)]


def test_cancelling_a_wait_closes_the_stream_and_tries_nothing_again() -> None:
    model = Tries("first", (FOREVER,))

    async def cancel() -> None:
        events = SteadfastChat([model], Patience()).stream(PROMPT)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(5.0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    in_virtual_time(cancel())
    assert (model.asked, model.left) == ([at(0.0)], [at(5.0)])


# ---- a second try ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "least", "most"),
    [
        (ModelUnavailable("503"), UNAVAILABLE_PAUSE, UNAVAILABLE_PAUSE * (1 + JITTER)),
        (ModelBusy("429"), BUSY_PAUSE, BUSY_PAUSE * (1 + JITTER)),
        (ModelBusy("429", retry_after=3.0), 3.0, 3.0 * (1 + JITTER)),
        (ModelBusy("429", retry_after=0.0), 0.0, 0.0),
        (ModelBroken("the model's stream held nothing"), 0.0, 0.0),
    ],
    ids=["unavailable", "busy", "retry-after", "retry at once", "broken"],
)
def test_a_failure_before_the_first_word_is_tried_again(failure: ModelError, least: float, most: float) -> None:
    model = Tries("first", (failure,), ANSWER)
    heard = Heard(model)
    assert (heard.text, heard.begun, heard.error) == ("十四天。", ["first"], None)
    assert least - 1e-6 <= model.asked[1] <= most + 1e-6


@pytest.mark.parametrize("failure", [ModelUnavailable("503"), ModelBusy("429"), ModelBroken("nothing")], ids=str)
def test_a_second_failure_is_the_end(failure: ModelError) -> None:
    model = Tries("first", (ModelUnavailable("502"),), (failure,))
    heard = Heard(model)
    assert (heard.error, len(model.asked)) == (failure, 2)


def test_a_refusal_is_not_repeated() -> None:
    model = Tries("first", (ModelRefused("the provider answered 401"),))
    heard = Heard(model)
    assert type(heard.error) is ModelRefused
    assert (len(model.asked), heard.ended) == (1, at(0.0))


def test_nobody_is_kept_waiting_for_a_long_retry_after() -> None:
    model = Tries("first", (ModelBusy("429", retry_after=LONGEST_PAUSE + 0.1),))
    heard = Heard(model)
    assert type(heard.error) is ModelBusy
    assert (len(model.asked), heard.ended) == (1, at(0.0))


@pytest.mark.parametrize("failure", [ModelBroken("broke off"), ModelUnavailable("502"), ModelBusy("429")], ids=str)
def test_after_text_was_shown_a_failure_is_final(failure: ModelError) -> None:
    model, other = Tries("first", (Delta("十四"), failure)), Tries("second", ANSWER)
    heard = Heard(model, other)
    assert (heard.text, heard.error) == ("十四", failure)
    assert (len(model.asked), other.asked) == (1, [])


# ---- other models ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [(ModelUnavailable("503"),), (ModelBusy("429"),), (ModelBroken("nothing"),), (FOREVER,)],
    ids=["unavailable", "busy", "broken", "stalled"],
)
def test_then_the_fallbacks_are_asked_in_order_and_once(script: tuple[Step, ...]) -> None:
    first, second, third = Tries("first", script, script), Tries("second", script), Tries("third", ANSWER)
    heard = Heard(first, second, third)
    assert (heard.text, heard.begun, heard.error) == ("十四天。", ["third"], None)
    assert [len(model.asked) for model in (first, second, third)] == [2, 1, 1]
    assert first.asked[1] <= second.asked[0] <= third.asked[0]


@pytest.mark.parametrize(
    "failure", [ModelRefused("404: there is no such model"), ModelBusy("429", retry_after=60.0)], ids=str
)
def test_what_is_of_no_use_to_repeat_goes_to_the_next_model_at_once(failure: ModelError) -> None:
    first, second = Tries("first", (failure,)), Tries("second", ANSWER)
    heard = Heard(first, second)
    assert (heard.begun, len(first.asked), second.asked) == (["second"], 1, [at(0.0)])


def test_when_all_fail_the_last_says_why() -> None:
    last = ModelRefused("404")
    heard = Heard(
        Tries("first", (ModelUnavailable("503"),), (ModelUnavailable("503"),)),
        Tries("second", (ModelBusy("429"),)),
        Tries("third", (last,)),
    )
    assert (heard.error, heard.events) == (last, [])


def test_every_failure_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Heard(Tries("first", (ModelBusy("429"),), (FOREVER,)), Tries("second", ANSWER))
    said = [
        (record.__dict__["model"], record.__dict__["code"], record.__dict__["seconds"]) for record in caplog.records
    ]
    assert said == [("first", "model_busy", 0.0), ("first", "model_stalled", 60.0)]


# ---- in general ------------------------------------------------------------------------------------------------------

_FAILURES: list[Callable[[], ModelError]] = [
    lambda: ModelUnavailable("503"),
    lambda: ModelBusy("429"),
    lambda: ModelBusy("429", retry_after=2.0),
    lambda: ModelBroken("broke off"),
    lambda: ModelRefused("400"),
]
_PIECES = st.one_of(
    st.sampled_from(["十", "四天", "a ", "👍"]).map(Delta),
    st.just(Delta("想", "reasoning")),
    st.sampled_from([0.5, 29.0, 31.0, 61.0]),
)
_SCRIPTS = st.tuples(st.lists(_PIECES, max_size=6), st.sampled_from([None, *_FAILURES]))


@given(st.lists(_SCRIPTS, min_size=4, max_size=4))
def test_whatever_fails_the_text_is_that_of_one_attempt(
    scripts: list[tuple[list[Delta | float], Callable[[], ModelError] | None]],
) -> None:
    played: list[list[Step]] = [[*pieces, END if failure is None else failure()] for pieces, failure in scripts]
    heard = Heard(Tries("first", *played[:2]), Tries("second", played[2]), Tries("third", played[3]))
    attempts = ["".join(d.content for d in script if isinstance(d, Delta) and d.kind == "text") for script in played]
    assert any(text.startswith(heard.text) for text in attempts)
    assert (heard.events[-1:] == [END]) == (heard.error is None)
    if heard.text:
        last_begin = max(index for index, event in enumerate(heard.events) if isinstance(event, Begin))
        shown = [event for event in heard.events[:last_begin] if isinstance(event, Delta) and event.kind == "text"]
        assert shown == [], "what was shown before a new beginning was reasoning only"


def test_what_a_person_reads_of_a_stall() -> None:
    code, retryable = client_code(ModelStalled("first was silent for 30 s in mid-answer"))
    assert (code, retryable) == ("model_stalled", True)
    assert error_message(code, "en") == "The language model stopped responding. Please try again."
    assert error_message(code, "zh") == "语言模型长时间没有响应，请重试。"
