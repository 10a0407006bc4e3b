"""A question becomes frames: their order, what they say, and how a turn ends whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.builders import NOW, match, question
from tests.dialogue.played import Played
from tests.dialogue.players import (
    ANSWER,
    BrokenRetriever,
    Found,
    PacedChat,
    abilities,
)
from thinkaloud.dialogue.answer.interrupt import StopReason
from thinkaloud.dialogue.answer.sources import SNIPPET, SNIPPET_TOKENS
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.errors import (
    ModelBroken,
    ModelBusy,
    ModelRefused,
    ModelUnavailable,
    StorageThrottled,
)
from thinkaloud.language import estimate_tokens
from thinkaloud.models.chat import Delta, Finish
from thinkaloud.protocol.encode import MAX_FRAME, encode
from thinkaloud.protocol.frames import Envelope, Reasoning, Source, Status, Text, Usage
from thinkaloud.state.records import Exchange, Outcome

# ---- a turn that goes well -------------------------------------------------------------------------------------------


def test_a_turn_says_what_it_does_names_its_sources_and_answers() -> None:
    played = Played(abilities())
    assert played.story == [
        "retrieval start",
        "retrieval end",
        "source",
        "generation start",
        "text",
        "text",
        "complete",
    ]
    assert played.text == "A refund takes five working days [1]."


def test_a_phase_that_ended_says_how_long_it_took() -> None:
    statuses = [frame for frame in Played(abilities()).frames if isinstance(frame, Status)]
    assert all((frame.latency is None) == (frame.state == "start") for frame in statuses)
    assert all(frame.id == frame.phase for frame in statuses), "start and end belong together by their id"


def test_sources_are_numbered_as_the_prompt_numbers_them() -> None:
    chat = PacedChat(*ANSWER)
    found = [
        match("Five days.", score=0.91234, section=""),
        match("年假十四天。", score=0.5, title="年假", uri="zh/年假.md"),
    ]
    (source,) = [
        frame for frame in Played(abilities(chat=chat, retriever=Found(found))).frames if isinstance(frame, Source)
    ]
    first, second = source.docs
    assert (first.id, first.title, first.score, first.snippet, first.section) == (
        "1",
        "Refunds",
        0.9123,
        "Five days.",
        None,
    )
    assert (second.id, second.title, second.uri, second.section) == ("2", "年假", "zh/年假.md", "How long it takes")
    assert '<passage id="2" title="年假' in chat.prompts[0][-1].content


def test_a_passage_without_room_in_the_prompt_is_no_source() -> None:
    found = [match("Five days."), match("word " * 5_000)]
    played = Played(abilities(retriever=Found(found), prompt_tokens=1_000))
    (source,) = [frame for frame in played.frames if isinstance(frame, Source)]
    assert [document.snippet for document in source.docs] == ["Five days."]


def test_citations_of_the_answer_match_the_sources() -> None:
    played = Played(abilities())
    (citation,) = played.complete.citations
    assert played.text[citation.start : citation.end] == "[1]"
    assert (citation.part, citation.source, citation.quote) == ("answer", "1", "Refunds take five working days.")
    assert {frame.part for frame in played.frames if isinstance(frame, Text)} == {"answer"}


def test_the_end_counts_tokens_and_seconds() -> None:
    chat = PacedChat(2.0, *ANSWER)
    played = Played(abilities(chat=chat), question(asked_at=NOW - 0.5))
    complete = played.complete
    assert (complete.finish, complete.reason, complete.model) == ("stop", None, "paced")
    assert complete.usage == Usage(prompt=120, completion=8, estimated=False)
    assert set(complete.timings) == {"memory", "embed", "search", "retrieval", "first_token", "generation", "total"}
    assert complete.timings["total"] == pytest.approx(2.5, abs=0.01), "from the ask's arrival"


def test_a_provider_that_does_not_count_is_estimated_and_marked() -> None:
    chat = PacedChat(Delta("五个工作日。"), Finish("stop", None))
    usage = Played(abilities(chat=chat)).complete.usage
    assert usage.estimated
    assert usage.completion == estimate_tokens("五个工作日。")
    assert usage.prompt == sum(estimate_tokens(message.content) for message in chat.prompts[0])


def test_reasoning_is_shown_apart_and_is_no_part_of_the_answer() -> None:
    chat = PacedChat(Delta("Look it up.", "reasoning"), *ANSWER)
    played = Played(abilities(chat=chat))
    (thought,) = [frame for frame in played.frames if isinstance(frame, Reasoning)]
    assert thought.content == "Look it up."
    assert thought.part != "answer"
    assert played.outcome.answer == "A refund takes five working days [1]."


@pytest.mark.parametrize("reason", ["length", "content_filter", "other"])
def test_the_model_says_why_it_ended(reason: str) -> None:
    chat = PacedChat(Delta("A refund"), replace(Finish("stop", None), reason=reason))  # type: ignore[arg-type]
    played = Played(abilities(chat=chat))
    assert (played.complete.finish, played.outcome.finish, played.outcome.state) == (reason, reason, "done")


def test_nothing_found_is_said_and_answered_without_a_source() -> None:
    played = Played(abilities(retriever=Found([])))
    assert "source" not in played.story
    assert "Found nothing on this in the documents" in played.labels
    assert played.complete.citations == (), "a marker without a source is no citation"


def test_the_outcome_is_what_the_client_saw() -> None:
    played = Played(abilities())
    (source,) = [frame for frame in played.frames if isinstance(frame, Source)]
    assert played.outcome == Outcome(
        state="done",
        answer=played.text,
        finish="stop",
        model="paced",
        covered=True,
        error=None,
        sources=[document.model_dump(mode="json", exclude_none=True) for document in source.docs],
        citations=[citation.model_dump(mode="json") for citation in played.complete.citations],
        usage={"prompt": 120, "completion": 8, "estimated": False},
        timings=played.complete.timings,
    )


# ---- whose, in which language ----------------------------------------------------------------------------------------


def test_only_the_tenants_own_documents_are_searched() -> None:
    retriever = Found([match()])
    Played(abilities(retriever=retriever))
    assert retriever.tenants == ["qinghe"]


@pytest.mark.parametrize(
    ("text", "locale", "first_label"),
    [
        ("How long does a refund take?", None, "Searching the documents"),
        ("退款要多久？", None, "正在检索资料"),
        ("How long does a refund take?", "zh-CN", "正在检索资料"),
        ("退款要多久？", "en", "Searching the documents"),
    ],
)
def test_labels_are_in_the_clients_language(text: str, locale: str | None, first_label: str) -> None:
    assert Played(abilities(), question(text, locale=locale)).labels[0] == first_label


@pytest.mark.parametrize(("locale", "words"), [("en", "overloaded"), ("zh", "繁忙")])
def test_errors_are_in_the_clients_language(locale: str, words: str) -> None:
    played = Played(abilities(chat=PacedChat(ModelBusy("429"))), question(locale=locale))
    assert words in played.error.message


def test_the_answer_is_asked_for_in_the_questions_language_whatever_the_labels() -> None:
    chat = PacedChat(*ANSWER)
    Played(abilities(chat=chat), question("退款要多久？", locale="en"))
    assert "简体中文" in chat.prompts[0][0].content


@pytest.mark.parametrize(("count", "label"), [(1, "Found 1 passage"), (2, "Found 2 passages")])
def test_one_passage_is_no_plural(count: int, label: str) -> None:
    assert label in Played(abilities(retriever=Found([match()] * count))).labels


# ---- memory ----------------------------------------------------------------------------------------------------------


def test_the_last_exchanges_go_into_the_prompt() -> None:
    async def before() -> Sequence[Exchange]:
        return [Exchange("Who are you?", "A shop assistant.")]

    chat = PacedChat(*ANSWER)
    Played(abilities(chat=chat), memory=before)
    assert [message.content for message in chat.prompts[0][1:-1]] == ["Who are you?", "A shop assistant."]


def test_memory_is_loaded_while_the_question_is_searched() -> None:
    async def slowly() -> Sequence[Exchange]:
        await asyncio.sleep(3.0)
        return []

    assert Played(abilities(retriever=Found([], seconds=3.0)), memory=slowly).ended_at == pytest.approx(3.0)


def test_memory_that_cannot_be_read_ends_the_turn_before_the_model_is_asked() -> None:
    async def throttled() -> Sequence[Exchange]:
        raise StorageThrottled("DynamoDB answered ThrottlingException")

    chat = PacedChat(*ANSWER)
    played = Played(abilities(chat=chat), memory=throttled)
    assert (played.error.code, played.error.retryable) == ("throttled", True)
    assert chat.prompts == []


# ---- failures --------------------------------------------------------------------------------------------------------


def test_a_search_that_fails_costs_the_passages_and_not_the_answer() -> None:
    played = Played(abilities(retriever=BrokenRetriever()))
    assert played.story == [
        "retrieval start",
        "retrieval error",
        "generation start",
        "text",
        "text",
        "complete",
    ]
    assert "The search failed; answering without the documents" in played.labels


@pytest.mark.parametrize(
    ("failure", "code", "retryable"),
    [
        (ModelRefused("401: sk-secret"), "model_refused", False),
        (ModelBusy("429"), "model_busy", True),
        (ModelUnavailable("503"), "model_unavailable", True),
        (ModelBroken("half"), "model_broken", True),
        (RuntimeError("a bug"), "internal", True),
    ],
)
def test_a_model_that_fails_ends_in_one_typed_error_that_tells_no_secret(
    failure: Exception, code: str, retryable: bool
) -> None:
    played = Played(abilities(chat=PacedChat(failure)))
    assert played.story[-2:] == ["generation error", "error"]
    assert (played.error.code, played.error.retryable) == (code, retryable)
    assert str(failure) not in played.error.message


def test_an_answer_that_breaks_off_keeps_what_was_said() -> None:
    played = Played(abilities(chat=PacedChat(Delta("A refund takes [1]"), ModelBroken("half a stream"))))
    assert played.text == "A refund takes [1]"
    outcome = played.outcome
    assert (outcome.state, outcome.finish, outcome.error) == ("failed", "error", "model_broken")
    assert outcome.answer == "A refund takes [1]"
    assert len(outcome.citations) == 1
    assert outcome.usage["estimated"]


# ---- stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", range(7))
def test_a_stop_after_any_frame_ends_the_turn_with_what_was_said(after: int) -> None:
    chat = PacedChat(*ANSWER)
    played = Played(abilities(chat=chat), stop_after=after)
    assert len(played.frames) == after + 1
    assert (played.complete.finish, played.complete.reason) == ("stopped", "user")
    assert played.outcome.answer == played.text
    assert played.outcome.state == "done"
    assert (chat.closed_at is not None) == bool(chat.prompts)


@pytest.mark.parametrize(
    ("means", "story"),
    [
        (abilities(retriever=Found([], seconds=60.0)), ["retrieval start", "complete"]),
        (
            abilities(chat=PacedChat(60.0)),
            ["retrieval start", "retrieval end", "source", "generation start", "complete"],
        ),
        (
            abilities(chat=PacedChat(Delta("A refund"), 60.0)),
            ["retrieval start", "retrieval end", "source", "generation start", "text", "complete"],
        ),
    ],
    ids=["searching", "before the first token", "in mid-answer"],
)
def test_a_stop_cuts_whatever_the_turn_waits_for(means: Abilities, story: list[str]) -> None:
    played = Played(means, stop_at=5.0)
    assert played.story == story
    assert played.ended_at == pytest.approx(5.0, abs=0.001)
    assert (played.complete.finish, played.complete.reason) == ("stopped", "user")


def test_a_stop_hangs_up_on_the_model_at_once_and_counts_what_it_said() -> None:
    chat = PacedChat(Delta("A refund takes"), 60.0)
    played = Played(abilities(chat=chat), stop_at=5.0)
    assert chat.closed_at == pytest.approx(5.0, abs=0.001)
    assert played.outcome.answer == "A refund takes"
    assert played.complete.usage == Usage(
        prompt=played.complete.usage.prompt, completion=estimate_tokens("A refund takes"), estimated=True
    )
    assert "generation" in played.complete.timings


@pytest.mark.parametrize("reason", ["user", "superseded", "deadline", "quota"])
def test_the_end_and_what_is_stored_say_why_it_was_stopped(reason: StopReason) -> None:
    played = Played(abilities(chat=PacedChat(Delta("A refund"), 60.0)), stop_at=5.0, reason=reason)
    assert (played.complete.finish, played.complete.reason) == ("stopped", reason)
    assert (played.outcome.finish, played.outcome.reason, played.outcome.state) == ("stopped", reason, "done")


def test_a_stop_while_memory_loads_ends_the_turn() -> None:
    async def slowly() -> Sequence[Exchange]:
        await asyncio.sleep(60.0)
        return []

    assert Played(abilities(), memory=slowly, stop_at=5.0).ended_at == pytest.approx(5.0, abs=0.001)


# ---- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 5, 20])
@pytest.mark.parametrize("text", ["年" * 4_000, '"\\' * 2_000, "word " * 2_000])
def test_sources_fit_into_one_frame(text: str, count: int) -> None:
    means = abilities(retriever=Found([match(text)] * count), prompt_tokens=10**6)
    (source,) = [frame for frame in Played(means).frames if isinstance(frame, Source)]
    assert len(source.docs) == count
    assert all(len(document.snippet) <= SNIPPET and document.snippet.endswith("…") for document in source.docs)
    assert all(estimate_tokens(document.snippet) <= SNIPPET_TOKENS + 1 for document in source.docs)
    envelope = Envelope(session="s" * 64, turn="t" * 64, seq=10**6, trace="0" * 32)
    assert len(encode(source, envelope).encode()) <= MAX_FRAME
