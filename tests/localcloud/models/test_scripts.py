from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from localcloud.models.openai_types import ApiError
from localcloud.models.pacing import filler, tokens
from localcloud.models.performance import CallTool, Cut, Fail, Line, Pause, Say, Stall, Think
from localcloud.models.scripts import SHIPPED, Script, ScriptLibrary


def script(*steps: dict[str, Any], **fields: Any) -> Script:
    return Script.model_validate({"steps": list(steps), **fields})


def test_text_is_said_after_the_delay_at_the_rate() -> None:
    actions = script({"do": "text", "text": "one two", "delay": 2, "rate": 4}).perform().actions
    assert actions == [Pause(2), Say("one"), Pause(0.25), Say(" two")]


def test_filler_text_is_known() -> None:
    assert script({"do": "text", "tokens": 300, "language": "zh", "chunk": 7}).perform().text == filler(300, "zh")


def test_reasoning_is_thought() -> None:
    assert script({"do": "reasoning", "text": "Hm, well", "chunk": 2}).perform().actions == [Think("Hm, well")]


def test_tool_calls_come_in_pieces() -> None:
    performance = script({"do": "tool_call", "name": "find", "arguments": {"q": "退款"}, "pieces": 3}).perform()
    first, *rest = performance.actions
    assert first == CallTool(0, "", id="call_1", name="find")
    assert len(rest) == 3
    assert "".join(piece.arguments for piece in rest if isinstance(piece, CallTool)) == '{"q": "退款"}'
    assert performance.finish_reason == "tool_calls"


def test_surrogates_are_torn_in_two() -> None:
    assert script({"do": "surrogates", "text": "a🏕"}).perform().actions == [Say("a"), Say("\ud83c"), Say("\udfd5")]


@pytest.mark.parametrize(
    ("step", "action"),
    [({"do": "stall"}, Stall()), ({"do": "abort"}, Cut()), ({"do": "raw", "line": "data: {"}, Line("data: {"))],
)
def test_single_actions(step: dict[str, Any], action: object) -> None:
    assert script(step).perform().actions == [action]


def test_errors_speak_as_openai_does() -> None:
    (action,) = script({"do": "error", "status": 429, "headers": {"Retry-After": "1"}}).perform().actions
    assert isinstance(action, Fail)
    assert (action.error.status, action.error.headers) == (429, {"Retry-After": "1"})
    assert action.error.body["error"]["code"] == "rate_limit_exceeded"


def test_a_later_call_in_the_turn_plays_the_next_round() -> None:
    told = script({"do": "text", "text": "first"}, next=[{"steps": [{"do": "text", "text": "then"}]}])
    assert [told.perform_call(number).text for number in range(3)] == ["first", "then", "then"]


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([{"do": "text"}], "either `text` or `tokens`"),
        ([{"do": "text", "text": "a", "tokens": 3}], "either `text` or `tokens`"),
        ([{"do": "text", "text": "a", "rate": -1}], "greater than or equal to 0"),
        ([{"do": "text", "text": "a", "chunk": 0}], "greater than or equal to 1"),
        ([{"do": "text", "text": "a", "chunk": []}], "at least 1 item"),
        ([{"do": "text", "text": "a", "speed": 3}], "Extra inputs are not permitted"),
        ([{"do": "dance"}], "does not match any of the expected tags"),
        ([{"do": "stall"}, {"do": "text", "text": "a"}], "step 1 is `stall`, which ends the stream"),
        ([{"do": "error", "status": 200}], "greater than or equal to 400"),
    ],
)
def test_mistakes_are_named(steps: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        script(*steps)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_script_is_one_and_says_what_it_is(path: Path) -> None:
    shipped = ScriptLibrary().get(path.stem)
    assert shipped.description
    shipped.perform()


def test_the_scripts_that_tests_and_benchmarks_go_by() -> None:
    library = ScriptLibrary()
    for rate in (50, 100, 250):
        performance = library.get(f"tokens-{rate}").perform()
        assert len(tokens(performance.text)) == 300
        pauses = sum(action.seconds for action in performance.actions if isinstance(action, Pause))
        assert pauses == pytest.approx(299 / rate)


@pytest.mark.parametrize("name", ["", "none", "../slow", "SLOW", "a/b", "x" * 65])
def test_an_unknown_name_is_no_model(name: str) -> None:
    with pytest.raises(ApiError, match="does not exist") as refused:
        ScriptLibrary().get(name)
    assert refused.value.status == 404


def test_a_script_put_replaces_the_shipped_one_until_restored() -> None:
    library = ScriptLibrary()
    library.put("slow", script({"do": "text", "text": "quick"}))
    library.put("mine", script())
    assert library.get("slow").perform().text == "quick"
    assert "mine" in library.names()
    library.restore("slow")
    assert library.get("slow").perform().text == filler(120)
    library.restore()
    assert "mine" not in library.names()


@pytest.mark.parametrize("content", ["steps: [", "steps: {}", "- a", ""])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ApiError, match=r"bad\.yaml is not a script") as refused:
        ScriptLibrary(tmp_path).get("bad")
    assert refused.value.status == 500
