"""Frames on the wire: compact, whole, and never over the gateway's limit."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from thinkaloud.protocol.decode import MAX_FRAME
from thinkaloud.protocol.encode import MAX_CONTENT, encode, split_content
from thinkaloud.protocol.frames import Accepted, Envelope, Error, Pong, Status, Text

ENVELOPE = Envelope(session="s" * 64, turn="t" * 64, seq=10**9, trace="0" * 32)
#: Letters of one to four bytes, and characters that JSON writes as escapes of two or six.
TEXTS = st.text(st.sampled_from('ab "\\\n\t\x00\x1fé年额，👍🏽\U00020000') | st.characters(exclude_categories=["Cs"]))


def json_bytes(content: str) -> int:
    return len(json.dumps(content, ensure_ascii=False).encode())


def test_a_frame_is_compact_json_with_its_type_first() -> None:
    assert encode(Pong(re="p-1")) == '{"type":"pong","re":"p-1"}'


def test_what_is_not_set_is_left_out() -> None:
    assert encode(Error(code="busy", message="Wait.", retryable=True)) == (
        '{"type":"error","code":"busy","message":"Wait.","retryable":true}'
    )


def test_chinese_travels_as_itself_since_escapes_are_twice_as_long() -> None:
    assert "正在检索资料" in encode(Status(id="r", phase="retrieval", state="start", label="正在检索资料"))


def test_the_envelope_stands_between_type_and_content() -> None:
    text = encode(Text(part="answer", step=1, content="Hi"), Envelope(session="s", turn="t", seq=7, trace="x"))
    assert list(json.loads(text)) == ["type", "session", "turn", "seq", "trace", "part", "step", "content"]


def test_a_reply_carries_no_envelope() -> None:
    accepted = Accepted(re="1", session="s", turn="t", trace="x", heartbeat=10.0)
    assert "seq" not in json.loads(encode(accepted))


@given(TEXTS.map(lambda text: text * 997))
def test_the_largest_text_frame_is_under_the_gateways_limit(text: str) -> None:
    content, _ = split_content(text)
    assert json_bytes(content) <= MAX_CONTENT
    assert len(encode(Text(part="reasoning", step=999, content=content), ENVELOPE).encode()) <= MAX_FRAME


@given(TEXTS, st.integers(min_value=8, max_value=60))
@example("👍" * 3, 8)
@example("\x00" * 3, 8)
def test_pieces_never_exceed_the_limit_and_lose_no_character(text: str, limit: int) -> None:
    pieces = []
    rest = text
    while rest:
        piece, rest = split_content(rest, limit)
        assert piece, "a piece that holds nothing would be sent for ever"
        assert json_bytes(piece) <= limit
        pieces.append(piece)
    assert "".join(pieces) == text


@given(TEXTS, st.integers(min_value=8, max_value=60))
def test_a_piece_is_as_long_as_fits(text: str, limit: int) -> None:
    piece, rest = split_content(text, limit)
    if rest:
        assert json_bytes(piece + rest[0]) > limit
