import io
import json
from typing import Any

import pytest
from rich.console import Console

from console.view import AnswerView, duration
from console.words import words
from tests.client.scripted import DOCS
from tests.console.terminal import Screen
from thinkaloud.client import Fold, read

SESSION, TURN = "s-12345678", "t-12345678"
USAGE = {"prompt": 90, "completion": 12}


class Stage:
    """A view on a terminal of our own, fed with frames; it is drawn when asked."""

    def __init__(self, language: str = "en", *, width: int = 60, height: int = 12, terminal: bool = True) -> None:
        self.file = io.StringIO()
        self.now = 0.0
        console = Console(file=self.file, width=width, height=height, force_terminal=terminal, color_system=None)
        self.view = AnswerView(console, words(language), clock=lambda: self.now)  # type: ignore[arg-type]
        self.console = console
        self.fold = Fold(SESSION, TURN)

    def show(self, kind: str, **fields: Any) -> None:
        received = read(json.dumps({"type": kind, "session": SESSION, "turn": TURN, "seq": 1, "trace": "x", **fields}))
        self.fold.add(received)  # type: ignore[arg-type]
        self.view.show(received, self.fold.message)  # type: ignore[arg-type]

    def status(self, name: str, state: str, label: str, **fields: Any) -> None:
        self.show("status", id=name, phase="retrieval", state=state, label=label, **fields)

    def text(self, content: str) -> None:
        self.show("text", part="p1", step=1, content=content)

    def complete(self, **fields: Any) -> None:
        given = {"finish": "stop", "model": "extractive", "usage": USAGE, "timings": {"total": 1.32}, **fields}
        self.show("complete", **given)

    @property
    def drawn(self) -> str:
        """What one drawing of the view looks like just now."""
        lines = self.console.render_lines(self.view, pad=False)
        return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)

    @property
    def final(self) -> str:
        """What stands on the screen in the end."""
        screen = Screen()
        screen.feed(self.file.getvalue().replace("\n", "\r\n"))
        return screen.text.rstrip()


def test_before_anything_came():
    assert Stage().drawn.endswith("Asking")
    assert Stage("zh").drawn.endswith("正在提问")


def test_a_phase_runs_with_its_time_and_ends_with_the_servers():
    stage = Stage()
    stage.status("s1", "start", "Searching the documents")
    stage.now = 2.34
    assert "Searching the documents  2.3 s" in stage.drawn
    stage.status("s1", "end", "Found 2 passages", latency=0.012)
    assert stage.drawn == "✓ Found 2 passages 12 ms"


def test_a_phase_that_failed_is_marked():
    stage = Stage()
    stage.status("s1", "error", "The search failed; answering without the documents")
    assert stage.drawn == "✗ The search failed; answering without the documents"


def test_what_a_dead_worker_began_is_not_shown_as_going_on():
    stage = Stage()
    stage.status("s1", "end", "Searching", latency=0.02)
    stage.status("s2", "start", "Answering")
    stage.text("Half an")
    stage.show("reset", step=0)
    assert "Answering" not in stage.drawn
    assert "Half an" not in stage.drawn
    assert "Searching" in stage.drawn


def test_sources_stand_in_columns_whatever_their_script():
    stage = Stage()
    stage.show("source", docs=[{**DOCS[0], "section": "How long"}, DOCS[1]])
    lines = stage.drawn.splitlines()
    assert lines[-2:] == [
        "[1] Refunds › How long handbook/en/refunds.md",
        "[2] 配送               handbook/zh/shipping.md",
    ]


def test_a_long_source_is_cut_to_one_line():
    stage = Stage(width=40)
    stage.show("source", docs=[{**DOCS[0], "title": "关于退款到账时间的说明" * 3}])
    assert len(stage.drawn.splitlines()) <= 2
    assert "…" in stage.drawn


def test_a_whole_answer():
    stage = Stage()
    with stage.view:
        stage.status("s1", "end", "Found 2 passages", latency=0.012)
        stage.show("source", docs=DOCS)
        stage.text("Five **working** ")
        stage.text("days. [1]")
        stage.complete(citations=[{"part": "p1", "start": 18, "end": 21, "source": "1", "quote": "Five"}])
    assert stage.final.splitlines() == [
        "✓ Found 2 passages 12 ms",
        "[1] Refunds handbook/en/refunds.md",
        "[2] 配送    handbook/zh/shipping.md",
        "",
        "Five working days. [1]",
        "",
        "1.3 s · 90 tokens in, 12 out · extractive",
    ]


@pytest.mark.parametrize(
    ("language", "fields", "ending"),
    [
        ("en", {"finish": "stopped", "reason": "user"}, "Stopped. · 1.3 s · 90 tokens in, 12 out · extractive"),
        ("zh", {"finish": "stopped", "reason": "user"}, "已停止。 · 1.3 s · 输入 90 词元，输出 12 词元 · extractive"),
        (
            "en",
            {"finish": "length"},
            "The answer reached its length limit. · 1.3 s · 90 tokens in, 12 out · extractive",
        ),
        ("en", {"usage": {**USAGE, "estimated": True}}, "1.3 s · 90 tokens in, 12 out (estimated) · extractive"),
    ],
)
def test_how_it_ended(language: str, fields: dict[str, Any], ending: str):
    stage = Stage(language, width=90)
    stage.text("Five")
    stage.complete(**fields)
    assert stage.drawn.splitlines()[-1] == ending


def test_an_answer_taller_than_the_screen_shows_its_end_and_then_all_of_it_once():
    stage = Stage(height=8)
    with stage.view:
        for number in range(30):
            stage.text(f"- item {number}\n")
        assert "item 29" in stage.drawn
        assert "item 3\n" not in stage.drawn
        assert len(stage.drawn.splitlines()) <= 8
        stage.complete()
    assert [line for line in stage.final.splitlines() if "item" in line] == [f" • item {n}" for n in range(30)]


def test_a_note_is_shown_below_and_can_be_taken_back():
    stage = Stage()
    stage.text("Five")
    stage.view.say("Stopping")
    assert stage.drawn.splitlines()[-1] == "Stopping"
    stage.view.say("")
    assert "Stopping" not in stage.drawn


def test_off_a_terminal_it_is_drawn_once_at_the_end():
    stage = Stage(terminal=False)
    with stage.view:
        stage.text("Five")
        assert stage.file.getvalue() == ""
        stage.complete()
    assert stage.file.getvalue().count("Five") == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0004, "0 ms"), (0.012, "12 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (12.34, "12.3 s")]
)
def test_durations(seconds: float, text: str):
    assert duration(seconds) == text


def test_a_source_says_where_in_its_document_it_is():
    stage = Stage(width=72)
    paged = {**DOCS[0], "section": "Refunds", "page": 12}
    stage.show("source", docs=[paged, {**DOCS[1], "section": "时效", "page": 3}])
    assert "[1] Refunds › p. 12" in stage.drawn
    assert "[2] 配送 › 时效 › p. 3" in stage.drawn


@pytest.mark.parametrize(("language", "words"), [("en", "Not covered by the documents"), ("zh", "资料未涵盖此问题")])
def test_an_answer_that_the_documents_do_not_give_is_marked(language: str, words: str):
    stage = Stage(language)
    stage.text("The closest are Refunds.")
    stage.complete(covered=False)
    assert f"{words} · 1.3 s" in stage.drawn
    stage.complete(covered=True)
    assert words not in stage.drawn
