"""Whatever a client sends is a frame or one typed error that says what to change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.errors import BadJson, FrameError, FrameTooDeep, FrameTooLarge, InvalidFrame, UnknownAction
from thinkaloud.protocol.decode import MAX_DEPTH, MAX_FRAME, decode_client_frame, decode_server_frame, frame_id
from thinkaloud.protocol.encode import encode
from thinkaloud.protocol.frames import Pong
from thinkaloud.protocol.requests import MAX_METADATA, MAX_QUESTION, Ask, Ping, Stop, UserMessage


def ask(**fields: Any) -> dict[str, Any]:
    """The fields of an ask that is as it should be, but for `fields`."""
    known = {"action": "ask", "session": "session-1", "turn": "turn-0001", "message": {"id": "m1", "text": "Why?"}}
    return {**known, **fields}


def message(text: str) -> dict[str, str]:
    return {"id": "m1", "text": text}


def nested(depth: int) -> str:
    """A ping with `depth` objects open at its deepest point."""
    return '{"action":"ping","x":' + '{"x":' * (depth - 1) + "1" + "}" * depth


def refusal(body: str) -> FrameError:
    with pytest.raises(FrameError) as caught:
        decode_client_frame(body)
    return caught.value


# ---- what is read ----------------------------------------------------------------------------------------------------


def test_an_ask_is_read() -> None:
    metadata: dict[str, Any] = {"page": "/orders", "tags": ["a", None, 1.5, True], "客户": {"级别": 3}}
    body = json.dumps(ask(id="f-1", locale="zh-CN", metadata=metadata, message=message("年假有几天？")))
    assert decode_client_frame(body) == Ask(
        id="f-1",
        session="session-1",
        turn="turn-0001",
        message=UserMessage(id="m1", text="年假有几天？"),
        locale="zh-CN",
        metadata=metadata,
    )


def test_a_stop_and_a_ping_are_read() -> None:
    assert decode_client_frame('{"action":"stop","session":"session-1","turn":"turn-0001"}') == Stop(
        session="session-1", turn="turn-0001"
    )
    assert decode_client_frame(' {"action" : "ping", "id": "p"}\n') == Ping(id="p")


def test_unknown_fields_are_ignored_so_that_a_client_may_be_newer() -> None:
    assert decode_client_frame(json.dumps(ask(files=[{"ref": "f"}], replaces=None))) == decode_client_frame(
        json.dumps(ask())
    )


def test_the_longest_question_fits_into_a_frame_even_in_chinese() -> None:
    frame = decode_client_frame(json.dumps(ask(message=message("年" * MAX_QUESTION)), ensure_ascii=False))
    assert isinstance(frame, Ask)
    assert len(frame.message.text) == MAX_QUESTION


@pytest.mark.parametrize("locale", ["zh", "zh-CN", "zh-Hans-CN", "en_GB", "yue"])
def test_locales_are_read_in_either_spelling(locale: str) -> None:
    frame = decode_client_frame(json.dumps(ask(locale=locale)))
    assert isinstance(frame, Ask)
    assert frame.locale == locale


# ---- what is not JSON ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", " \n\t", "\ufeff"])
def test_an_empty_frame_is_refused(body: str) -> None:
    assert isinstance(refusal(body), BadJson)


@pytest.mark.parametrize("body", ["hello", '{"action":"ping"', '{"action":"ping"}}', "{'action':'ping'}", '{"a":\x00}'])
def test_text_that_is_not_json_is_refused_with_the_place(body: str) -> None:
    error = refusal(body)
    assert isinstance(error, BadJson)
    assert "char" in str(error)


@pytest.mark.parametrize(("body", "kind"), [("[]", "list"), ('"ask"', "str"), ("1", "int"), ("null", "NoneType")])
def test_json_that_is_not_an_object_is_refused(body: str, kind: str) -> None:
    error = refusal(body)
    assert isinstance(error, BadJson)
    assert kind in str(error)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(name: str) -> None:
    error = refusal(f'{{"action":"ping","x":{name}}}')
    assert isinstance(error, BadJson)
    assert name in str(error)


def test_an_integer_of_thousands_of_digits_is_refused_without_advice_on_python() -> None:
    error = refusal('{"action":"ping","x":' + "7" * 5_000 + "}")
    assert isinstance(error, BadJson)
    assert "sys." not in str(error)


# ---- what is too much ------------------------------------------------------------------------------------------------


def test_a_frame_over_the_gateways_limit_is_refused_by_its_bytes() -> None:
    room = MAX_FRAME - len('{"action":"ping","x":""}')
    assert decode_client_frame('{"action":"ping","x":"%s"}' % ("年" * (room // 3))) == Ping()
    error = refusal('{"action":"ping","x":"%s"}' % ("年" * (room // 3 + 1)))
    assert isinstance(error, FrameTooLarge)
    assert str(MAX_FRAME) in str(error)


@pytest.mark.parametrize("body", [nested(MAX_DEPTH + 1), nested(1_000), nested(5_000)])
def test_deep_nesting_is_refused_however_deep(body: str) -> None:
    error = refusal(body)
    assert isinstance(error, FrameTooDeep)
    assert str(MAX_DEPTH) in str(error)


@pytest.mark.parametrize("body", ["[" * 30_000, '{"a":' * 6_000])
def test_nesting_without_an_end_is_refused_for_one_or_the_other(body: str) -> None:
    """Which of the two depends on how deep this version of Python reads."""
    assert isinstance(refusal(body), FrameTooDeep | BadJson)


def test_nesting_up_to_the_limit_is_read() -> None:
    assert decode_client_frame(nested(MAX_DEPTH)) == Ping()


def test_a_question_over_the_limit_is_refused_with_the_limit() -> None:
    error = refusal(json.dumps(ask(message=message("x" * (MAX_QUESTION + 1)))))
    assert isinstance(error, FrameTooLarge)
    assert "message.text" in str(error)
    assert str(MAX_QUESTION) in str(error)


def test_metadata_over_four_kilobytes_is_refused_by_its_bytes() -> None:
    room = MAX_METADATA - len('{"k": ""}')
    assert isinstance(decode_client_frame(json.dumps(ask(metadata={"k": "x" * room}))), Ask)
    error = refusal(json.dumps(ask(metadata={"k": "年" * (room // 3 + 1)}), ensure_ascii=False))
    assert isinstance(error, FrameTooLarge)
    assert str(MAX_METADATA) in str(error)


# ---- what is not one of the protocol's frames ------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["join", "Ask", "ask ", "", None, 1, ["ask"], {"ask": 1}, "\ud800"])
def test_an_unknown_action_is_refused_with_those_there_are(action: object) -> None:
    error = refusal(json.dumps({"action": action}))
    assert isinstance(error, UnknownAction)
    assert "ask, stop, resume, auth, ping" in str(error)


def test_a_frame_without_an_action_is_refused() -> None:
    assert isinstance(refusal('{"type":"ping"}'), UnknownAction)


def test_an_endless_action_is_not_sent_back_whole() -> None:
    assert len(str(refusal(json.dumps({"action": "x" * 10_000})))) < 200


@pytest.mark.parametrize("field", ["session", "turn", "message"])
def test_a_missing_field_is_named(field: str) -> None:
    fields = ask()
    del fields[field]
    error = refusal(json.dumps(fields))
    assert isinstance(error, InvalidFrame)
    assert str(error).startswith(f"{field}: ")


@pytest.mark.parametrize("field", ["id", "text"])
def test_a_missing_field_of_the_message_is_named(field: str) -> None:
    fields = message("Why?")
    del fields[field]
    error = refusal(json.dumps(ask(message=fields)))
    assert isinstance(error, InvalidFrame)
    assert str(error).startswith(f"message.{field}: ")


@pytest.mark.parametrize(
    "identifier",
    [
        "seven77",
        "x" * 65,
        "session-1\n",
        "\nsession-1",
        "session 1",
        "session#1",
        "会话会话会话会话",
        "",
        12345678,
        None,
    ],
)
@pytest.mark.parametrize("field", ["session", "turn"])
def test_a_malformed_identifier_is_refused(field: str, identifier: object) -> None:
    error = refusal(json.dumps(ask(**{field: identifier})))
    assert isinstance(error, InvalidFrame)
    assert field in str(error)


@pytest.mark.parametrize("wrong", ["", "x" * 65, "a b", "m1\n", 1])
def test_a_malformed_frame_id_is_refused(wrong: object) -> None:
    error = refusal(json.dumps(ask(id=wrong)))
    assert isinstance(error, InvalidFrame)
    assert str(error).startswith("id: ")


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t\u3000\u00a0", "\u0000\u0007\u001b"], ids=["empty", "space", "white space", "control"]
)
def test_a_question_without_a_word_is_refused(text: str) -> None:
    error = refusal(json.dumps(ask(message=message(text))))
    assert isinstance(error, InvalidFrame)
    assert "message.text" in str(error)


@pytest.mark.parametrize(
    "fields",
    [
        {"message": {"id": "m1", "text": "half a \ud83d character"}},
        {"metadata": {"k": "\udc00"}},
        {"metadata": {"\ud800": 1}},
        {"locale": "\ud800\ud800"},
    ],
    ids=["text", "value", "key", "locale"],
)
def test_half_a_surrogate_pair_is_refused_where_it_would_be_kept(fields: dict[str, Any]) -> None:
    assert isinstance(refusal(json.dumps(ask(**fields))), InvalidFrame)


def test_a_number_too_large_for_a_double_is_refused() -> None:
    error = refusal(json.dumps(ask(metadata={"k": 0})).replace('"k": 0', '"k": 1e999'))
    assert isinstance(error, InvalidFrame)
    assert str(error).startswith("metadata ")


@pytest.mark.parametrize("metadata", [[], "x", 1, None])
def test_metadata_is_an_object(metadata: object) -> None:
    assert isinstance(refusal(json.dumps(ask(metadata=metadata))), InvalidFrame)


@pytest.mark.parametrize("locale", ["z", "zh-CN\n", "zh-", "中文", "x" * 40, 1])
def test_a_malformed_locale_is_refused(locale: object) -> None:
    assert isinstance(refusal(json.dumps(ask(locale=locale))), InvalidFrame | FrameTooLarge)


def test_several_faults_are_counted() -> None:
    assert str(refusal('{"action":"ask"}')).endswith("(and 2 more)")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.text()
    | st.builds(json.dumps, JSON)
    | st.builds(
        lambda action, fields: json.dumps({**fields, "action": action}),
        st.sampled_from(["ask", "stop", "ping"]),
        st.dictionaries(st.sampled_from(["id", "session", "turn", "message", "locale", "metadata"]), JSON),
    )
)
def test_nothing_but_a_frame_or_a_frame_error_ever_comes_out(body: str) -> None:
    frame_id(body)
    try:
        frame = decode_client_frame(body)
    except FrameError as error:
        assert str(error).encode()
    else:
        assert isinstance(frame, Ask | Stop | Ping)


# ---- the id of a broken frame ----------------------------------------------------------------------------------------


def test_a_broken_frame_still_says_which_one_it_is() -> None:
    assert frame_id('{"action":"dance","id":"f-7"}') == "f-7"


@pytest.mark.parametrize(
    "body", ["", "{", "[1]", '{"id":7}', '{"id":"a\\nb"}', '{"id":"\\ud800"}', nested(40), '{"id":"' + "x" * 40_000]
)
def test_a_frame_without_a_readable_id_has_none(body: str) -> None:
    assert frame_id(body) is None


def test_an_endless_id_is_not_sent_back_whole() -> None:
    assert frame_id(json.dumps({"id": "x" * 1_000})) == "x" * 64


# ---- server frames ---------------------------------------------------------------------------------------------------


def test_a_server_frame_is_read() -> None:
    assert decode_server_frame(encode(Pong(re="p-1"))) == Pong(re="p-1")


def test_a_type_of_a_newer_server_is_nothing_to_this_client() -> None:
    assert decode_server_frame('{"type":"applause","seq":3}') is None
    assert decode_server_frame('{"message":"Internal server error"}') is None


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 100_000])
def test_what_is_no_object_is_no_server_frame(body: str) -> None:
    with pytest.raises(BadJson):
        decode_server_frame(body)


@pytest.mark.parametrize(
    "fields", ['"part":"p"', '"part":"p","step":"1","content":""', '"part":"p","step":1,"content":"\\ud800"']
)
def test_a_known_type_with_wrong_fields_is_refused(fields: str) -> None:
    with pytest.raises(InvalidFrame):
        decode_server_frame(f'{{"type":"text",{fields}}}')
