from __future__ import annotations

import pytest

from localcloud.models.openai_types import ApiError, ChatRequest, EmbeddingRequest, read_body

HELLO = '{"model": "m", "messages": [{"role": "user", "content": "hello"}]'


@pytest.mark.parametrize(
    ("raw", "param", "code", "message"),
    [
        (b"", None, None, "could not parse the JSON"),
        (b"{", None, None, "could not parse the JSON"),
        (b"\xff\xfe", None, None, "could not parse the JSON"),
        (b"[" * 100_000, None, None, "could not parse the JSON"),
        (b"[]", None, "invalid_type", "Invalid type"),
        (b'{"model": "m"}', "messages", "missing_required_parameter", "Missing required parameter: 'messages'"),
        (b'{"model": "m", "messages": []}', "messages", "invalid_value", "at least 1 item"),
        (b'{"model": 3, "messages": [{"role": "user"}]}', "model", "invalid_type", "Invalid type for 'model'"),
        (b'{"model": "m", "messages": [{"role": "cat"}]}', "messages[0].role", "invalid_value", "'assistant'"),
        (f'{HELLO}, "n": 2}}'.encode(), "n", "invalid_value", "'n'"),
        (f'{HELLO}, "max_tokens": 0}}'.encode(), "max_tokens", "invalid_value", "greater than or equal to 1"),
        (f'{HELLO}, "temperature": 3}}'.encode(), "temperature", "invalid_value", "less than or equal to 2"),
        (f'{HELLO}, "stop": ["1", "2", "3", "4", "5"]}}'.encode(), "stop", "invalid_value", "at most 4"),
        (f'{HELLO}, "stream_options": {{}}}}'.encode(), "stream_options", "invalid_value", "'stream' is enabled"),
    ],
)
def test_a_bad_request_is_explained(raw: bytes, param: str | None, code: str | None, message: str) -> None:
    with pytest.raises(ApiError, match=message) as refused:
        read_body(ChatRequest, raw)
    assert refused.value.status == 400
    error = refused.value.body["error"]
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]
    asked = ChatRequest.model_validate({"model": "m", "messages": [{"role": "user", "content": parts}]})
    assert asked.user_texts == ["ab"]


def test_unknown_fields_and_nulls_are_taken() -> None:
    asked = read_body(ChatRequest, f'{HELLO}, "seed": 1, "stop": null, "stream": null, "max_tokens": null}}'.encode())
    assert (asked.limit, asked.stop) == (None, None)


def test_the_newer_limit_wins() -> None:
    assert read_body(ChatRequest, f'{HELLO}, "max_tokens": 5, "max_completion_tokens": 7}}'.encode()).limit == 7


def test_calls_of_this_turn_are_counted() -> None:
    roles = ["user", "assistant", "user", "assistant", "tool", "assistant", "tool"]
    asked = ChatRequest.model_validate({"model": "m", "messages": [{"role": role, "content": "x"} for role in roles]})
    assert asked.calls_made == 2


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ('"input": ""', "input[0]"),
        ('"input": []', "input"),
        ('"input": [1, 2]', "input[0]"),
        ('"input": [[1, 2]]', "input[0]"),
        ('"input": "a", "dimensions": 8', "dimensions"),
        ('"input": "a", "dimensions": 100000', "dimensions"),
        ('"input": "a", "encoding_format": "hex"', "encoding_format"),
        ('"inputs": "a"', "input"),
    ],
)
def test_bad_embedding_requests(fields: str, param: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_body(EmbeddingRequest, f'{{"model": "m", {fields}}}'.encode())
    assert refused.value.body["error"]["param"] == param
