"""Performances in OpenAI's wire format: chunks for a stream, one object for a plain answer."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from localcloud.models.pacing import tokens
from localcloud.models.performance import CallTool, Say, Think

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.models.openai_types import ChatRequest
    from localcloud.models.performance import Action, FinishReason


def encode_json(value: object) -> bytes:
    """Compact JSON in UTF-8; text with half a surrogate pair, which UTF-8 cannot hold, is escaped instead."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


class Wire:
    """One completion's identity and running usage, and the objects that carry it."""

    def __init__(self, model: str, request: ChatRequest) -> None:
        self.id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())
        self._model = model
        self._null_usage = bool(request.stream_options and request.stream_options.include_usage)
        self._prompt_tokens = sum(len(tokens(message.content or "")) for message in request.messages)
        self._completion_tokens = 0

    def chunk(self, delta: dict[str, Any], finish_reason: FinishReason | None = None) -> dict[str, Any]:
        """One `chat.completion.chunk`."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk = self._object("chat.completion.chunk", [choice])
        return {**chunk, "usage": None} if self._null_usage else chunk

    def usage_chunk(self) -> dict[str, Any]:
        """The last chunk where the client asked for usage: no choices, only figures."""
        return {**self._object("chat.completion.chunk", []), "usage": self.usage()}

    def delta(self, action: Say | Think | CallTool) -> dict[str, Any]:
        """The delta of one action; counts its tokens."""
        match action:
            case Say(text):
                self._completion_tokens += len(tokens(text))
                return {"content": text}
            case Think(text):
                self._completion_tokens += len(tokens(text))
                return {"reasoning_content": text}
            case CallTool(index, arguments, call_id, name):
                self._completion_tokens += len(tokens(arguments))
                function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
                call: dict[str, Any] = {"index": index, "function": function}
                return {"tool_calls": [call if call_id is None else {**call, "id": call_id, "type": "function"}]}

    def whole(self, actions: Iterable[Action], finish_reason: FinishReason | None, *, usage: bool) -> dict[str, Any]:
        """The `chat.completion` that the actions add up to."""
        said: list[str] = []
        thought: list[str] = []
        calls: dict[int, dict[str, Any]] = {}
        for action in actions:
            if not isinstance(action, Say | Think | CallTool):
                continue
            self.delta(action)
            match action:
                case Say(text):
                    said.append(text)
                case Think(text):
                    thought.append(text)
                case CallTool(index, arguments, call_id, name):
                    empty = {"id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
                    calls.setdefault(index, empty)["function"]["arguments"] += arguments
        message: dict[str, Any] = {"role": "assistant", "content": mended("".join(said)) or None, "refusal": None}
        if thought:
            message["reasoning_content"] = mended("".join(thought))
        if calls:
            message["tool_calls"] = [calls[index] for index in sorted(calls)]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        completion = self._object("chat.completion", [choice])
        return {**completion, "usage": self.usage()} if usage else completion

    def usage(self) -> dict[str, int]:
        """Tokens so far, as `pacing.tokens` counts them."""
        return {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": self._completion_tokens,
            "total_tokens": self._prompt_tokens + self._completion_tokens,
        }

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            "system_fingerprint": self._model,
            "choices": choices,
        }


def mended(text: str) -> str:
    """`text` with the halves of surrogate pairs that stand side by side put together again."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
