"""Chat completions as the real `openai` clients see them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from localcloud.models.extractive import NEEDS_DOCUMENTS
from localcloud.models.pacing import filler, tokens
from localcloud.models.scripts import Script
from localcloud.models.server import ModelServer

PROMPT = """<passages>
<passage id="1" title="Refunds" uri="handbook/en/refunds.md">
A refund takes at most 5 working days. Fees &lt; 5% are waived.
</passage>
</passages>

<question>How long does a refund take?</question>"""
ANSWER = "A refund takes at most 5 working days. [1]"


def user(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


def put(server: ModelServer, *steps: dict[str, Any], **fields: Any) -> str:
    """A script of these steps; the model that plays it."""
    server.catalogue.library.put("test", Script.model_validate({"steps": list(steps), **fields}))
    return "script:test"


async def streamed(
    client: openai.AsyncOpenAI, model: str, text: str = "x", **options: Any
) -> list[ChatCompletionChunk]:
    stream = await client.chat.completions.create(model=model, messages=user(text), stream=True, **options)
    return [chunk async for chunk in stream]


def said(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


async def test_a_streamed_answer(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "extractive", PROMPT)
    assert said(chunks) == ANSWER
    assert len(chunks) > 8
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]
    assert {(chunk.id, chunk.model, chunk.system_fingerprint) for chunk in chunks} == {
        (chunks[0].id, "extractive", "extractive")
    }
    assert all(chunk.usage is None for chunk in chunks)


async def test_usage_comes_last_where_it_is_asked_for(client: openai.AsyncOpenAI) -> None:
    *chunks, last = await streamed(client, "extractive", PROMPT, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == len(tokens(ANSWER))
    assert last.usage.prompt_tokens == len(tokens(PROMPT))
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens
    assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in chunks)


async def test_an_answer_in_one_piece(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="extractive", messages=user(PROMPT))
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == len(tokens(ANSWER))


async def test_the_sync_client_streams_too(server: ModelServer) -> None:
    def ask() -> str:
        with openai.OpenAI(base_url=server.url, api_key="local", max_retries=0) as client:
            stream = client.chat.completions.create(model="extractive", messages=user(PROMPT), stream=True)
            return said(list(stream))

    assert await asyncio.to_thread(ask) == ANSWER


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize(
    ("options", "text", "finish"),
    [
        ({"max_tokens": 3}, "A refund takes", "length"),
        ({"max_completion_tokens": 2, "max_tokens": 9}, "A refund", "length"),
        ({"stop": " at most"}, "A refund takes", "stop"),
        ({"stop": ["never", "."], "max_tokens": 100}, "A refund takes at most 5 working days", "stop"),
    ],
)
async def test_limits_and_stops(
    client: openai.AsyncOpenAI, streaming: bool, options: dict[str, Any], text: str, finish: str
) -> None:
    if streaming:
        chunks = await streamed(client, "extractive", PROMPT, **options)
        assert (said(chunks), chunks[-1].choices[0].finish_reason) == (text, finish)
    else:
        answer = await client.chat.completions.create(model="extractive", messages=user(PROMPT), **options)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == (text, finish)


async def test_a_chat_without_passages_is_told_what_the_model_is(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="extractive", messages=user("Say that again."))
    assert answer.choices[0].message.content == NEEDS_DOCUMENTS["en"]


async def test_a_chat_without_a_user_is_refused(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="there is none"):
        await client.chat.completions.create(model="extractive", messages=[{"role": "system", "content": "x"}])


@pytest.mark.parametrize("model", ["gpt-5", "local-embedding", "script:nobody-wrote-this", ""])
async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError, match="does not exist") as refused:
        await client.chat.completions.create(model=model, messages=user("x"))
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


async def test_every_token_is_a_chunk_of_its_own(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "script:tokens-at-once", stream_options={"include_usage": True})
    deltas = [chunk.choices[0].delta.content for chunk in chunks[1:-2]]
    assert len(deltas) == 300
    assert "".join(map(str, deltas)) == filler(300)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 300


async def test_reasoning_comes_beside_the_content(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    model = put(server, {"do": "reasoning", "text": "Let me see"}, {"do": "text", "text": "Yes."})
    chunks = await streamed(client, model)
    thought = [getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks]
    assert [piece for piece in thought if piece] == ["Let", " me", " see"]
    assert said(chunks) == "Yes."
    answer = await client.chat.completions.create(model=model, messages=user("x"))
    assert answer.choices[0].message.model_extra == {"reasoning_content": "Let me see"}


async def test_tool_calls_then_the_answer(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "script:tool-call")
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert pieces[0].id == "call_1"
    assert len(pieces) > 3
    arguments = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
    assert json.loads(arguments) == {"query": "refund 退款", "limit": 3}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"

    whole = await client.chat.completions.create(model="script:tool-call", messages=user("x"))
    call = whole.choices[0].message.tool_calls
    assert call is not None
    history: list[Any] = [
        *user("x"),
        whole.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call[0].id, "content": "5 days"},
    ]
    after = await client.chat.completions.create(model="script:tool-call", messages=history)
    assert after.choices[0].message.content == "That is what I found."


async def test_torn_characters_add_up(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "script:surrogates")
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert any("\ud800" <= piece[-1:] <= "\udbff" for piece in pieces)
    assert said(chunks).encode("utf-16", "surrogatepass").decode("utf-16") == "Tents 🏕️𠮷 帐篷"
    whole = await client.chat.completions.create(model="script:surrogates", messages=user("x"))
    assert whole.choices[0].message.content == "Tents 🏕️𠮷 帐篷"


@pytest.mark.parametrize(
    ("script", "error", "code"),
    [
        ("unauthorized", openai.AuthenticationError, "invalid_api_key"),
        ("rate-limited", openai.RateLimitError, "rate_limit_exceeded"),
        ("server-error", openai.InternalServerError, None),
        ("overloaded", openai.InternalServerError, None),
        ("bad-request", openai.BadRequestError, "context_length_exceeded"),
    ],
)
@pytest.mark.parametrize("streaming", [True, False])
async def test_scripted_errors(
    client: openai.AsyncOpenAI,
    server: ModelServer,
    script: str,
    error: type[openai.APIStatusError],
    code: str | None,
    streaming: bool,
) -> None:
    with pytest.raises(error) as refused:
        await client.chat.completions.create(model=f"script:{script}", messages=user("x"), stream=streaming)
    assert refused.value.code == code
    assert refused.value.response.headers.get("Retry-After") == ("1" if script == "rate-limited" else None)
    (seen,) = server.ledger.recent()
    assert (seen["outcome"], seen["status"]) == ("refused", refused.value.status_code)


async def test_an_error_in_mid_stream(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    model = put(server, {"do": "text", "text": "half a"}, {"do": "error", "status": 500, "message": "It broke."})
    stream = await client.chat.completions.create(model=model, messages=user("x"), stream=True)
    heard = ""
    with pytest.raises(openai.APIError, match="It broke"):
        async for chunk in stream:
            heard += chunk.choices[0].delta.content or ""
    assert heard == "half a"


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_connection_cut_before_the_response(
    client: openai.AsyncOpenAI, server: ModelServer, streaming: bool
) -> None:
    model = put(server, {"do": "abort"})
    with pytest.raises(openai.APIConnectionError):
        await client.chat.completions.create(model=model, messages=user("x"), stream=streaming)
    assert server.ledger.recent()[0]["outcome"] == "cut"


async def test_a_connection_cut_in_mid_stream(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    model = put(server, {"do": "text", "tokens": 20}, {"do": "abort"})
    stream = await client.chat.completions.create(model=model, messages=user("x"), stream=True)
    heard = ""
    with pytest.raises(openai.APIConnectionError):
        async for chunk in stream:
            heard += chunk.choices[0].delta.content or ""
    assert heard == filler(20)
    (seen,) = server.ledger.recent()
    assert (seen["outcome"], seen["said"]) == ("cut", filler(20))


async def test_a_stream_without_an_end(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    model = put(server, {"do": "text", "tokens": 20}, finish_reason=None, usage=False, done=False)
    chunks = await streamed(client, model, stream_options={"include_usage": True})
    assert said(chunks) == filler(20)
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)


async def test_a_stream_of_nothing(client: openai.AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    assert await streamed(client, "script:nothing") == []
    body = {"model": "script:nothing", "messages": user("x"), "stream": True}
    async with http.post("/v1/chat/completions", json=body) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert await response.read() == b""


async def test_an_empty_answer_is_complete(client: openai.AsyncOpenAI) -> None:
    (chunk,) = await streamed(client, "script:empty-answer")
    assert chunk.choices[0].finish_reason == "stop"


async def test_a_line_that_is_no_json(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(json.JSONDecodeError):
        await streamed(client, "script:broken-json")
    with pytest.raises(json.JSONDecodeError):
        await client.chat.completions.create(model="script:broken-json", messages=user("x"))


async def test_comments_are_no_events(client: openai.AsyncOpenAI) -> None:
    assert said(await streamed(client, "script:comments")) == filler(6) + " Done."


@pytest.mark.parametrize("first", [{"do": "text", "text": "one two"}, {"do": "text", "text": "one two", "rate": 0.001}])
async def test_when_the_client_leaves_the_stream_stops(
    client: openai.AsyncOpenAI, server: ModelServer, first: dict[str, Any]
) -> None:
    model = put(server, first, {"do": "stall"})
    stream = await client.chat.completions.create(model=model, messages=user("x"), stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    assert server.ledger.counts("/v1/chat/completions")["open"] == 1
    await stream.close()
    async with asyncio.timeout(1):
        await server.ledger.idle()
    assert server.ledger.counts("/v1/chat/completions")["aborted"] == 1
    (seen,) = server.ledger.recent()
    assert seen["outcome"] == "aborted"
    assert seen["said"].startswith("one")


async def test_when_the_client_leaves_before_the_first_token(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    with pytest.raises(openai.APITimeoutError):
        await streamed(client, "script:stall-at-start", timeout=0.2)
    async with asyncio.timeout(1):
        await server.ledger.idle()
    assert server.ledger.counts("/v1/chat/completions")["aborted"] == 1


async def test_many_streams_at_once(client: openai.AsyncOpenAI, server: ModelServer) -> None:
    answers = await asyncio.gather(*(streamed(client, "script:tokens-at-once") for _ in range(20)))
    assert {said(chunks) for chunks in answers} == {filler(300)}
    assert server.ledger.counts("/v1/chat/completions")["finished"] == 20
