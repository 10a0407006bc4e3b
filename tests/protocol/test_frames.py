"""The vocabulary itself: every frame survives the wire, and no frame holds what the wire cannot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from thinkaloud.protocol.decode import decode_client_frame, decode_server_frame
from thinkaloud.protocol.encode import encode
from thinkaloud.protocol.frames import (
    SERVER_FRAMES,
    SERVER_TYPES,
    Accepted,
    Citation,
    Complete,
    Envelope,
    Error,
    Heartbeat,
    Pong,
    Reasoning,
    Source,
    SourceDocument,
    Status,
    Text,
    Usage,
)
from thinkaloud.protocol.requests import ACTIONS, CLIENT_FRAMES, Ask, Ping, Stop, UserMessage

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
identifiers = st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True)
frame_ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
counts = st.integers(min_value=0, max_value=2**53)
seconds = st.floats(min_value=0, max_value=1e6)
plain = st.none() | st.booleans() | counts | seconds | words

documents = st.builds(
    SourceDocument,
    id=words,
    title=words,
    uri=words,
    score=seconds,
    snippet=words,
    section=words,
    page=st.none() | counts,
)
citations = st.builds(Citation, part=words, start=counts, end=counts, source=words, quote=words)
server_frames = st.one_of(
    st.builds(Accepted, re=st.none() | words, session=words, turn=words, trace=words, heartbeat=seconds),
    st.builds(Pong, re=st.none() | words),
    st.builds(Heartbeat, session=words, turn=words),
    st.builds(
        Status,
        id=words,
        phase=st.sampled_from(["retrieval", "generation"]),
        state=st.sampled_from(["start", "end", "error"]),
        label=words,
        latency=st.none() | seconds,
    ),
    st.builds(Source, docs=st.lists(documents, max_size=3).map(tuple)),
    st.builds(Text, part=words, step=counts, content=words),
    st.builds(Reasoning, part=words, step=counts, content=words),
    st.builds(
        Complete,
        finish=st.sampled_from(["stop", "length", "content_filter", "stopped", "other"]),
        reason=st.none() | st.sampled_from(["user", "superseded", "deadline", "quota"]),
        model=st.none() | words,
        covered=st.none() | st.booleans(),
        citations=st.lists(citations, max_size=3).map(tuple),
        usage=st.builds(Usage, prompt=counts, completion=counts),
        timings=st.dictionaries(words, seconds, max_size=3),
    ),
    st.builds(Error, code=words, message=words, retryable=st.booleans(), session=st.none() | words),
)
client_frames = st.one_of(
    st.builds(
        Ask,
        id=st.none() | frame_ids,
        session=identifiers,
        turn=identifiers,
        message=st.builds(UserMessage, id=frame_ids, text=words.map(lambda text: f"Why? {text}")),
        locale=st.none() | st.sampled_from(["zh-CN", "en"]),
        metadata=st.dictionaries(words, plain | st.lists(plain, max_size=3), max_size=3),
    ),
    st.builds(Stop, id=st.none() | frame_ids, session=identifiers, turn=identifiers),
    st.builds(Ping, id=st.none() | frame_ids),
)


@given(server_frames)
def test_every_server_frame_survives_the_wire(frame: Any) -> None:
    assert decode_server_frame(encode(frame)) == frame


def test_an_envelope_is_nothing_to_the_frame_inside_it() -> None:
    frame = Text(part="answer", step=1, content="十四天")
    assert decode_server_frame(encode(frame, Envelope(session="s", turn="t", seq=1, trace="x"))) == frame


@given(client_frames)
def test_every_client_frame_survives_the_wire(frame: Any) -> None:
    assert decode_client_frame(frame.model_dump_json(exclude_none=True)) == frame


@pytest.mark.parametrize(
    ("adapter", "tag", "listed"), [(SERVER_FRAMES, "type", SERVER_TYPES), (CLIENT_FRAMES, "action", ACTIONS)]
)
def test_each_kind_is_listed_where_it_is_looked_up(
    adapter: TypeAdapter[Any], tag: str, listed: tuple[str, ...]
) -> None:
    """A frame that is added to the union and not to its list would be refused as unknown."""
    discriminator = adapter.json_schema()["discriminator"]
    assert discriminator["propertyName"] == tag
    assert set(discriminator["mapping"]) == set(listed)


def test_a_frame_that_is_sent_cannot_be_changed() -> None:
    frame = Pong(re="p-1")
    with pytest.raises(ValidationError):
        frame.re = "p-2"  # type: ignore[misc]


def test_a_status_is_of_a_known_phase() -> None:
    with pytest.raises(ValidationError):
        Status.model_validate({"id": "x", "phase": "dreaming", "state": "start", "label": ""})
