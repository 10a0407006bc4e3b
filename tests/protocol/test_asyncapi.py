"""docs/asyncapi.json: what the frame models say, and nothing that their frames do not keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from thinkaloud.protocol.asyncapi import CLIENT, SEQUENCED, SERVER, document
from thinkaloud.protocol.encode import encode
from thinkaloud.protocol.frames import (
    SERVER_TYPES,
    Accepted,
    Citation,
    Complete,
    Envelope,
    Error,
    Fragment,
    Heartbeat,
    Notice,
    Pong,
    Reasoning,
    Reset,
    Resumed,
    Rotate,
    Source,
    SourceDocument,
    Status,
    Text,
    Usage,
)
from thinkaloud.protocol.requests import ACTIONS, Ask, Auth, Ping, Resume, Stop, UserMessage

PUBLISHED = Path(__file__).parents[2] / "docs" / "asyncapi.json"
SESSION, TURN = "s-0123456789", "t-0123456789"
ENVELOPE = Envelope(session=SESSION, turn=TURN, seq=1, trace="a1")
PASSAGE = SourceDocument(id="1", title="退款", uri="handbook/zh/refunds.md", score=0.9, snippet="五天之内。")
#: Of every kind, with what may be left out and without.
FRAMES: list[BaseModel] = [
    Ask(session=SESSION, turn=TURN, message=UserMessage(id="m1", text="How long?")),
    Ask(
        id="f-1",
        session=SESSION,
        turn=TURN,
        message=UserMessage(id="m1", text="年假有几天？"),
        locale="zh-CN",
        metadata={"screen": ["help", 3, None, {"dark": True}]},
    ),
    Stop(session=SESSION, turn=TURN),
    Stop(id="f-2", session=SESSION, turn=TURN),
    Resume(session=SESSION),
    Resume(id="f-4", session=SESSION, turn=TURN, after=17),
    Auth(token="a.b.c"),
    Auth(id="f-5", token="a.b.c"),
    Ping(),
    Ping(id="f-3", session=SESSION, turn=TURN),
    Accepted(session=SESSION, turn=TURN, trace="a1", heartbeat=15.0),
    Accepted(re="f-1", session=SESSION, turn=TURN, trace="a1", heartbeat=15.0),
    Resumed(session=SESSION, turn=None, state="none", first=1, to=0),
    Resumed(re="f-4", session=SESSION, turn=TURN, state="running", first=18, to=40),
    Pong(re="f-3"),
    Rotate(within=600.0),
    Rotate(re="f-3", within=0.5),
    Notice(code="authenticated", message="登录已续期。"),
    Notice(re="f-5", code="authenticated", message="Your sign-in was renewed."),
    Fragment(id="turn-0001-7", index=0, count=2, data='{"type":'),
    Heartbeat(session=SESSION, turn=TURN),
    Status(id="retrieval", phase="retrieval", state="start", label="正在检索资料"),
    Status(id="generation", phase="generation", state="end", label="Writing", latency=0.25),
    Source(docs=()),
    Source(docs=(PASSAGE, PASSAGE.model_copy(update={"section": "期限"}))),
    Text(part="p1", step=0, content="Within five days [1]."),
    Reasoning(part="r1", step=0, content="The handbook says..."),
    Reset(step=0),
    Complete(
        finish="stop",
        model="extractive",
        citations=(Citation(part="p1", start=17, end=20, source="1", quote="五天之内。"),),
        usage=Usage(prompt=100, completion=7),
        timings={"total": 0.4},
    ),
    Complete(
        finish="stopped", reason="user", model="m", usage=Usage(prompt=1, completion=0, estimated=True), timings={}
    ),
    Error(code="bad_json", message="The frame is not JSON.", retryable=False, re="f-1"),
    Error(code="model_unavailable", message="请重试。", retryable=True, session=SESSION, turn=TURN),
]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document()


def name(frame: BaseModel) -> str:
    return type(frame).__name__.lower()


def on_the_wire(frame: BaseModel) -> dict[str, Any]:
    """The frame as it is sent, read back; one of a turn's sequence in its envelope."""
    if type(frame) in CLIENT:
        return frame.model_dump(mode="json", exclude_none=True)
    in_sequence = type(frame) in SEQUENCED and getattr(frame, "re", None) is None
    sent: dict[str, Any] = json.loads(encode(frame, ENVELOPE if in_sequence else None))
    return sent


def validator(described: dict[str, Any], message: str) -> Draft202012Validator:
    """For the payload of a message. The document's own `#/...` references resolve, as it is the schema's root."""
    payload = described["components"]["messages"][message]["payload"]
    return Draft202012Validator({**described, **payload})


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(described: dict[str, Any], reference: str) -> Any:
    value: Any = described
    for step in reference.removeprefix("#/").split("/"):
        value = value[step]
    return value


def test_what_is_published_is_what_the_models_say(described: dict[str, Any]):
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == described, "run: make docs"


def test_every_reference_leads_somewhere(described: dict[str, Any]):
    found = set(references(described))
    assert all(reference.startswith("#/") for reference in found)
    assert all(isinstance(resolved(described, reference), dict) for reference in found)
    schemas = {reference.rpartition("/")[2] for reference in found if reference.startswith("#/components/schemas/")}
    assert schemas == described["components"]["schemas"].keys(), "a schema that nothing refers to"


def test_every_action_and_every_type_is_described(described: dict[str, Any]):
    operations = described["operations"]

    def tags(operation: str, tag: str) -> list[str]:
        messages = [
            resolved(described, resolved(described, each["$ref"])["$ref"]) for each in operations[operation]["messages"]
        ]
        schemas = [next(iter(reversed(list(references(each["payload"]))))) for each in messages]
        return [resolved(described, each)["properties"][tag]["const"] for each in schemas]

    assert sorted(tags("receive", "action")) == sorted(ACTIONS)
    assert sorted(tags("send", "type")) == sorted(SERVER_TYPES)
    assert len(described["components"]["messages"]) == len(ACTIONS) + len(SERVER_TYPES)


def test_every_message_says_what_it_is_for(described: dict[str, Any]):
    for message in described["components"]["messages"].values():
        assert message["summary"].endswith("."), message["name"]


def test_the_schemas_are_schemas(described: dict[str, Any]):
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_there_is_a_frame_of_every_kind_to_check():
    assert {type(frame) for frame in FRAMES} == {*CLIENT, *SERVER}


@pytest.mark.parametrize("frame", FRAMES, ids=name)
def test_a_frame_keeps_its_schema(described: dict[str, Any], frame: BaseModel):
    errors = [error.message for error in validator(described, name(frame)).iter_errors(on_the_wire(frame))]
    assert errors == []


@pytest.mark.parametrize("frame", FRAMES, ids=name)
def test_a_frame_without_its_tag_or_of_another_kind_does_not(described: dict[str, Any], frame: BaseModel):
    fields = on_the_wire(frame)
    tag = "action" if "action" in fields else "type"
    check = validator(described, name(frame))
    assert not check.is_valid({key: value for key, value in fields.items() if key != tag})
    assert not check.is_valid({**fields, tag: "other"})


def test_a_frame_of_a_turn_without_its_number_does_not(described: dict[str, Any]):
    for frame in FRAMES:
        if type(frame) in SEQUENCED and not isinstance(frame, Error):
            fields = on_the_wire(frame)
            del fields["seq"]
            assert not validator(described, name(frame)).is_valid(fields)


def test_an_unknown_field_is_allowed_as_the_protocol_says(described: dict[str, Any]):
    for frame in FRAMES:
        assert validator(described, name(frame)).is_valid({**on_the_wire(frame), "newer": 1})


@pytest.mark.parametrize("identifier", ["short", "x" * 65, "with space", "umläute-0", ""])
def test_a_malformed_id_does_not(described: dict[str, Any], identifier: str):
    fields = on_the_wire(FRAMES[0])
    assert not validator(described, "ask").is_valid({**fields, "session": identifier})
