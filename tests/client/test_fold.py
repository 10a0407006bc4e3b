import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.client.scripted import DOCS
from thinkaloud.client import Fold, Message, Received, read

SESSION, TURN = "s-12345678", "t-12345678"
USAGE = {"prompt": 90, "completion": 12, "estimated": False}


def fold(*frames: dict[str, Any]) -> Message:
    folding = Fold(SESSION, TURN)
    for seq, fields in enumerate(frames, 1):
        found = read(json.dumps({"session": SESSION, "turn": TURN, "seq": seq, "trace": "trace-1", **fields}))
        assert isinstance(found, Received)
        folding.add(found)
    return folding.message


def text(content: str, part: str = "p1", step: int = 1) -> dict[str, Any]:
    return {"type": "text", "part": part, "step": step, "content": content}


def test_a_whole_turn_becomes_one_message():
    citation = {"part": "p1", "start": 0, "end": 12, "source": "1", "quote": "Five working days."}
    message = fold(
        {"type": "accepted", "trace": "trace-1", "heartbeat": 10.0},
        {"type": "status", "id": "s1", "phase": "retrieval", "state": "start", "label": "Searching"},
        {"type": "source", "docs": DOCS},
        text("Five working "),
        text("days. [1]"),
        {
            "type": "complete",
            "finish": "stop",
            "model": "extractive",
            "citations": [citation],
            "usage": USAGE,
            "timings": {"total": 1.5},
        },
    )
    documents = [{"media": "text/markdown", **doc} for doc in DOCS]
    assert message.to_json() == {
        "id": TURN,
        "role": "assistant",
        "parts": [
            {"type": "source", "docs": documents},
            {"type": "text", "part": "p1", "step": 1, "text": "Five working days. [1]"},
        ],
        "metadata": {
            "session": SESSION,
            "trace": "trace-1",
            "finish": "stop",
            "model": "extractive",
            "citations": [citation],
            "usage": USAGE,
            "timings": {"total": 1.5},
        },
    }
    assert json.loads(json.dumps(message.to_json())) == message.to_json()
    assert message.text == "Five working days. [1]"
    assert [doc.title for doc in message.sources] == ["Refunds", "配送"]
    assert message.cited == {"1"}


def test_parts_keep_the_order_in_which_they_began():
    message = fold(text("a"), {**text("hm", "r1"), "type": "reasoning"}, text("c", "p2", 2), text("b"))
    assert [(part["type"], part["text"]) for part in message.to_json()["parts"]] == [
        ("text", "ab"),
        ("reasoning", "hm"),
        ("text", "c"),
    ]
    assert message.text == "ab\n\nc"


def test_text_and_reasoning_may_share_a_parts_name():
    message = fold(text("a", "1"), {**text("b", "1"), "type": "reasoning"}, text("c", "1"))
    assert message.text == "ac"


def test_a_failed_turn_keeps_what_was_said():
    message = fold(
        text("Five"), {"type": "error", "code": "model_broken", "message": "It broke off.", "retryable": True}
    )
    assert message.text == "Five"
    assert message.metadata["error"] == {"code": "model_broken", "message": "It broke off.", "retryable": True}


def test_an_unknown_type_changes_nothing():
    assert fold(text("a"), {"type": "weather", "part": "p1", "content": "b"}, text("c")).text == "ac"


@given(st.text(min_size=1), st.data())
def test_any_chunking_folds_to_the_same_text(whole: str, data: st.DataObject):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert fold(*map(text, pieces)).text == whole
