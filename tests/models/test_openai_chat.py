"""Any OpenAI-compatible chat endpoint: what it says, and every way in which it fails."""

from __future__ import annotations

import json
import socket
from contextlib import aclosing
from typing import Any

import openai
import pytest

from localcloud.models.scripts import Script
from localcloud.models.server import ModelServer
from thinkaloud.errors import ModelBroken, ModelBusy, ModelError, ModelRefused, ModelUnavailable
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.models.openai_chat import OpenAIChat
from thinkaloud.protocol.frames import Usage

PROMPT = [ChatMessage("system", "Be brief."), ChatMessage("user", "年假有几天？")]
CHAT_PATH = "/v1/chat/completions"


def scripted(client: openai.AsyncOpenAI, name: str) -> OpenAIChat:
    """The model that plays the script of that name."""
    return OpenAIChat(client, f"script:{name}", answer_tokens=500)


async def played(chat: OpenAIChat) -> tuple[str, str, Finish]:
    """(reasoning, text, end) of an answer."""
    events = [event async for event in chat.stream(PROMPT)]
    *deltas, finish = events
    assert isinstance(finish, Finish)
    said = {"text": "", "reasoning": ""}
    for delta in deltas:
        assert isinstance(delta, Delta)
        assert delta.content, "a delta is never empty"
        said[delta.kind] += delta.content
    return said["reasoning"], said["text"], finish


async def broken_off(chat: OpenAIChat, kind: type[ModelError]) -> tuple[str, str]:
    """(what was said before the stream broke, why it did)."""
    said = ""
    with pytest.raises(kind) as caught:
        async for event in chat.stream(PROMPT):
            assert isinstance(event, Delta)
            said += event.content
    assert type(caught.value) is kind
    return said, str(caught.value)


def put(server: ModelServer, name: str, **script: Any) -> None:
    server.catalogue.library.put(name, Script.model_validate(script))


def chunk(**fields: Any) -> dict[str, str]:
    """A step that sends one chunk as it is."""
    return {"do": "raw", "line": "data: " + json.dumps({"id": "1", "object": "chat.completion.chunk", **fields})}


# ---- answers ---------------------------------------------------------------------------------------------------------


async def test_an_answer_streams_and_ends_with_its_usage(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    put(server, "answer", steps=[{"do": "text", "text": "普通员工有十四天年假。👍"}])
    reasoning, text, finish = await played(scripted(client, "answer"))
    assert (reasoning, text) == ("", "普通员工有十四天年假。👍")
    assert finish.reason == "stop"
    assert finish.usage is not None
    assert finish.usage.completion > 0
    assert not finish.usage.estimated


async def test_the_model_gets_the_prompt_and_the_bound(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    _, text, finish = await played(OpenAIChat(client, "script:tokens-at-once", answer_tokens=7))
    (exchange,) = server.ledger.recent()
    assert exchange["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "年假有几天？"},
    ]
    assert finish.reason == "length"
    assert len(text.split()) <= 7


async def test_reasoning_is_kept_apart_from_the_answer(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    put(server, "thinker", steps=[{"do": "reasoning", "text": "先查年假表。"}, {"do": "text", "text": "十四天。"}])
    assert (await played(scripted(client, "thinker")))[:2] == ("先查年假表。", "十四天。")


async def test_a_character_torn_in_two_comes_whole(client: openai.AsyncOpenAI) -> None:
    assert (await played(scripted(client, "surrogates")))[1] == "Tents 🏕️𠮷 帐篷"


async def test_half_a_character_at_the_very_end_is_shown_as_unknown(
    client: openai.AsyncOpenAI, server: ModelServer
) -> None:
    torn = {"index": 0, "delta": {"content": "\ud83c"}}
    put(server, "half", steps=[chunk(choices=[torn])])
    assert (await played(scripted(client, "half")))[1] == "\ufffd"


async def test_a_server_that_does_not_count_gives_no_usage(client: openai.AsyncOpenAI) -> None:
    assert (await played(scripted(client, "no-usage")))[2] == Finish("stop", None)


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": None, "completion_tokens": None}])
async def test_a_usage_that_says_nothing_is_none(
    client: openai.AsyncOpenAI, server: ModelServer, usage: dict[str, Any] | None
) -> None:
    steps = [{"do": "text", "text": "Yes."}, chunk(choices=None, usage=usage)]
    put(server, "empty-usage", steps=steps, usage=False)
    assert (await played(scripted(client, "empty-usage")))[1:] == ("Yes.", Finish("stop", None))


async def test_a_usage_counts_the_prompt_too(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    usage = {"prompt_tokens": 812, "completion_tokens": 9, "total_tokens": 821}
    steps = [{"do": "text", "text": "Yes."}, chunk(choices=[], usage=usage)]
    put(server, "counted", steps=steps, usage=False)
    assert (await played(scripted(client, "counted")))[2].usage == Usage(prompt=812, completion=9)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("length", "length"), ("content-filter", "content_filter"), ("tool-call", "other"), ("comments", "stop")],
)
async def test_an_answer_says_why_it_ended(client: openai.AsyncOpenAI, script: str, reason: str) -> None:
    assert (await played(scripted(client, script)))[2].reason == reason


# ---- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "kind", "status"),
    [
        ("bad-request", ModelRefused, "400"),
        ("unauthorized", ModelRefused, "401"),
        ("no-such-script", ModelRefused, "404"),
        ("rate-limited", ModelBusy, "429"),
        ("server-error", ModelUnavailable, "500"),
        ("overloaded", ModelUnavailable, "503"),
    ],
)
async def test_a_refusal_is_told_by_its_status(
    client: openai.AsyncOpenAI, script: str, kind: type[ModelError], status: str
) -> None:
    said, reason = await broken_off(scripted(client, script), kind)
    assert said == ""
    assert status in reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, ModelRefused),
        (405, ModelRefused),
        (408, ModelUnavailable),
        (413, ModelRefused),
        (422, ModelRefused),
        (502, ModelUnavailable),
        (504, ModelUnavailable),
        (529, ModelUnavailable),
    ],
)
async def test_statuses_that_are_seldom_seen_have_a_place_too(
    client: openai.AsyncOpenAI, server: ModelServer, status: int, kind: type[ModelError]
) -> None:
    put(server, "seldom", steps=[{"do": "error", "status": status, "body": "<html>Bad gateway</html>"}])
    await broken_off(scripted(client, "seldom"), kind)


@pytest.mark.parametrize("script", ["half-a-stream", "no-finish", "error-in-stream", "broken-json"])
async def test_a_stream_that_breaks_keeps_what_was_said(client: openai.AsyncOpenAI, script: str) -> None:
    said, _ = await broken_off(scripted(client, script), ModelBroken)
    assert said


@pytest.mark.parametrize("script", ["nothing", "empty-answer"])
async def test_a_stream_that_holds_nothing_is_broken(client: openai.AsyncOpenAI, script: str) -> None:
    assert (await broken_off(scripted(client, script), ModelBroken))[0] == ""


async def test_a_connection_that_ends_before_any_answer_is_unavailable(
    client: openai.AsyncOpenAI, server: ModelServer
) -> None:
    put(server, "hang-up", steps=[{"do": "abort"}])
    await broken_off(scripted(client, "hang-up"), ModelUnavailable)


async def test_a_provider_that_cannot_be_reached_is_unavailable() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="local", max_retries=0) as client:
            await broken_off(OpenAIChat(client, "any", 500), ModelUnavailable)


@pytest.mark.parametrize(("script", "kind"), [("stall-at-start", ModelUnavailable), ("stall", ModelBroken)])
async def test_a_model_that_falls_silent_is_given_up(server: ModelServer, script: str, kind: type[ModelError]) -> None:
    async with openai.AsyncOpenAI(base_url=server.url, api_key="local", max_retries=0, timeout=0.5) as hasty:
        await broken_off(scripted(hasty, script), kind)


# ---- stopping --------------------------------------------------------------------------------------------------------


async def test_closing_the_stream_hangs_up_on_the_provider(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    async with aclosing(scripted(client, "stall").stream(PROMPT)) as events:
        async for _ in events:
            break
        assert server.ledger.counts(CHAT_PATH)["open"] == 1
    await server.ledger.idle()
    assert server.ledger.counts(CHAT_PATH)["aborted"] == 1
