"""Text off the wire -> frames, with an error a client can act on for everything that is not one."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from thinkaloud.errors import BadJson, FrameTooDeep, FrameTooLarge, InvalidFrame, UnknownAction
from thinkaloud.language import normalise
from thinkaloud.protocol.encode import MAX_FRAME
from thinkaloud.protocol.frames import SERVER_FRAMES, SERVER_TYPES, TurnFrame, Unsequenced
from thinkaloud.protocol.requests import ACTIONS, CLIENT_FRAMES, MAX_METADATA, AnyClientFrame, Ask

#: An `ask` nests three deep, and leaves room for its metadata.
MAX_DEPTH = 16


def decode_client_frame(body: str) -> AnyClientFrame:
    """Read one client frame.

    Raises:
        FrameTooLarge, BadJson, FrameTooDeep, UnknownAction, InvalidFrame: each names the limit or the field.
    """
    value = _read_object(body)
    action = value.get("action")
    if action not in ACTIONS:
        raise UnknownAction(f"unknown action {_shown(action)}; this server knows {', '.join(ACTIONS)}")
    try:
        frame = CLIENT_FRAMES.validate_python(value)
    except ValidationError as error:
        raise _explain(error, value) from None
    if isinstance(frame, Ask):
        size = _metadata_size(frame)
        if size > MAX_METADATA:
            raise FrameTooLarge(f"metadata is {size} bytes; the limit is {MAX_METADATA}")
        # Not only white space: control characters are no question either.
        if not normalise(frame.message.text):
            raise InvalidFrame("message.text is blank; send a question")
    return frame


def decode_server_frame(body: str) -> Unsequenced | TurnFrame | None:
    """Read one server frame; None for a type this version does not know, which a client ignores.

    Raises:
        BadJson, InvalidFrame: not one of ours.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadJson("not a JSON object")
    if value.get("type") not in SERVER_TYPES:
        return None
    try:
        return SERVER_FRAMES.validate_json(body)
    except ValidationError as error:
        raise _explain(error, value) from None


def frame_id(body: str) -> str | None:
    """The `id` of a frame that may be broken otherwise, so that its error can say `re`; None where there is none."""
    try:
        value = _read_object(body)
    except (BadJson, FrameTooDeep, FrameTooLarge):
        return None
    found = value.get("id")
    return found[:64] if isinstance(found, str) and found.isprintable() else None


def _read_object(body: str) -> dict[str, Any]:
    size = len(body.encode("utf-8", "surrogatepass"))
    if size > MAX_FRAME:
        raise FrameTooLarge(f"the frame is {size} bytes; the limit is {MAX_FRAME}")
    if not body.strip():
        raise BadJson("the frame is empty; send a JSON object with an action")
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise FrameTooDeep(f"the JSON is nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"the frame is not JSON: {error}") from None
    except ValueError:
        # Python reads integers of a few thousand digits, which is a limit of its own and no help to a client.
        raise BadJson("the frame holds an integer of too many digits") from None
    if not isinstance(value, dict):
        raise BadJson(f"the frame is a JSON {type(value).__name__}; send an object with an action")
    if _depth(value) > MAX_DEPTH:
        raise FrameTooDeep(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    return value


def _refuse_constant(name: str) -> None:
    """Python reads NaN, Infinity and -Infinity; JSON has none of them, and neither has the rest of the way."""
    raise BadJson(f"the frame is not JSON: {name} is no JSON value")


def _metadata_size(ask: Ask) -> int:
    """Bytes of JSON.

    Raises:
        InvalidFrame: JSON can spell half a surrogate pair and numbers like 1e999, but nothing can keep them.
    """
    try:
        return len(json.dumps(ask.metadata, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:
        raise InvalidFrame("metadata holds half a surrogate pair, or a number too large for a double") from None


def _depth(value: Any) -> int:
    """How many objects and arrays are open at the deepest point; level by level, as recursion could run out."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return depth


def _explain(error: ValidationError, value: dict[str, Any]) -> InvalidFrame | FrameTooLarge:
    """The first thing that is wrong, in words; how many more there are."""
    problems = error.errors(include_url=False, include_input=False)
    first = problems[0]
    path = ".".join(str(step) for step in first["loc"] if step != value.get("action", value.get("type")))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "string_too_long":
        return FrameTooLarge(f"{path} is longer than {first['ctx']['max_length']} characters{more}")
    return InvalidFrame(f"{path}: {first['msg']}{more}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 40 else text[:40] + "..."
