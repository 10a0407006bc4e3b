import json

import pytest

from thinkaloud.client import GatewayError, Received, read
from thinkaloud.protocol.frames import Complete, Text

ENVELOPE = {"session": "s-12345678", "turn": "t-12345678", "seq": 4, "trace": "x"}


def received(**fields: object) -> Received:
    found = read(json.dumps(fields))
    assert isinstance(found, Received)
    return found


def test_a_frame_of_a_turn():
    text = received(type="text", part="p1", step=1, content="年假", **ENVELOPE)
    assert text.frame == Text(part="p1", step=1, content="年假")
    assert (text.turn, text.seq, text.final) == ("t-12345678", 4, False)


def test_an_unknown_field_is_kept_in_the_fields_alone():
    text = received(type="text", part="p1", step=1, content="hi", mood="good", **ENVELOPE)
    assert text.fields["mood"] == "good"
    assert text.frame == Text(part="p1", step=1, content="hi")


def test_an_unknown_type_has_no_frame_and_keeps_its_number():
    weather = received(type="weather", sky="blue", **ENVELOPE)
    assert weather.frame is None
    assert weather.seq == 4


def test_a_newer_value_in_a_known_type_is_not_readable_but_a_final_frame_stays_final():
    done = received(type="complete", finish="tool_limit_2", **ENVELOPE)
    assert done.frame is None
    assert done.final


def test_complete_is_final():
    fields = {"finish": "stop", "model": "m", "usage": {"prompt": 1, "completion": 2}, "timings": {"total": 0.5}}
    done = received(type="complete", **fields, **ENVELOPE)
    assert isinstance(done.frame, Complete)
    assert done.final


def test_a_frame_without_type_is_the_gateways_own_error():
    error = read('{"message": "Internal server error", "connectionId": "abc=", "requestId": "req-1"}')
    assert isinstance(error, GatewayError)
    assert (error.message, error.request) == ("Internal server error", "req-1")
    assert str(error) == "the gateway says: Internal server error (request req-1)"


def test_a_gateway_error_without_anything_in_it():
    error = read("{}")
    assert isinstance(error, GatewayError)
    assert "request unknown" in str(error)


@pytest.mark.parametrize("body", ["", "hello", "[1]", "3", "null", "[" * 100_000, b"\xff\xfe{"])
def test_what_is_no_object_says_nothing(body: str | bytes):
    assert read(body) is None


def test_a_message_sent_as_bytes_is_read_too():
    assert isinstance(read(json.dumps({"type": "pong", "re": "p-1"}).encode()), Received)
