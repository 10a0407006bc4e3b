"""`thinkaloud eval` and `thinkaloud variants`, as commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.eval import with_json_value
from console.main import app
from evaluation.saved import read_run
from tests.console.command import thinkaloud
from tests.evaluation.files import lines, qa, squad, write

REFUNDS = "A refund takes five working days after the goods have arrived."
GIFTS = "Gift cards are valid for three years and are not refunded."


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    content = squad(
        (REFUNDS, [qa("1", "How long does a refund take?", "five working days")]),
        (GIFTS, [qa("2", "For how many years are gift cards valid?", "three")]),
    )
    return write(tmp_path / "set.json", content)


@pytest.fixture
def runner(project: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(project)
    return CliRunner()


async def test_json_on_standard_output_is_nothing_but_json(project: Path, questions: Path):
    done = await thinkaloud("eval", questions.name, "--json", cwd=project)
    assert done.code == 0, done.err
    figures = json.loads(done.out)
    assert (figures["hit@1"], figures["hit@5"], figures["mrr"], figures["questions"]) == (1.0, 1.0, 1.0, 2)
    assert figures["judged_by"] == "overlap"
    assert "Asking" in done.err


async def test_questions_of_another_files_paragraphs(project: Path, questions: Path):
    chinese = squad(
        ("退款需要五个工作日。", [qa("1", "refund 需要多久？")]),
        ("礼品卡三年有效。", [qa("2", "gift cards 几年有效？")]),
    )
    write(project / "zh.json", chinese)
    done = await thinkaloud(
        "eval", "zh.json", "--corpus", questions.name, "--retrieval-only", "--json", "-", cwd=project
    )
    assert json.loads(done.out)["hit@5"] == 1.0, done.err


async def test_tables_reports_and_the_comparison_of_two_runs(project: Path, questions: Path):
    first = await thinkaloud("eval", questions.name, "--json", "a.json", "--report", "out", cwd=project)
    assert first.code == 0, first.err
    assert "Hit@1" in first.out and "Durations" in first.out
    assert {path.name for path in (project / "out").iterdir()} == {"report.md", "report.html", "run.json"}
    assert read_run(project / "a.json").figures["hit@1"] == 1.0
    compared = await thinkaloud("eval", "--compare", "a.json", "out", "--report", "both", cwd=project)
    assert "0 questions became worse" in compared.out, compared.err
    assert (project / "both" / "comparison.html").is_file()


async def test_versions_of_the_prompt(project: Path, questions: Path):
    done = await thinkaloud("variants", questions.name, "--json", "--report", "out", cwd=project)
    assert list(json.loads(done.out)) == ["v1", "v2"], done.err
    assert "heeds no prompt" in done.err
    assert (project / "out" / "v2" / "comparison.md").is_file()


class TestRefusals:
    """What ends a command before anything is loaded."""

    def test_a_set_that_cannot_be_read(self, runner: CliRunner, project: Path):
        write(project / "set.jsonl", lines({"question": "a?", "context": "b"}) + "{")
        done = runner.invoke(app, ["eval", "set.jsonl", "--json"])
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("thinkaloud: set.jsonl, line 2: it is no JSON")

    @pytest.mark.parametrize("bar", ["hit@1", "hit@1=", "=3", "hit@1=high"])
    def test_a_bar_that_is_none(self, runner: CliRunner, questions: Path, bar: str):
        done = runner.invoke(app, ["eval", str(questions), "--fail-under", bar])
        assert done.exit_code == 1
        assert "write it as a figure's name and a number, like hit@1=0.9" in done.stderr

    def test_a_comparison_of_one(self, runner: CliRunner, questions: Path):
        done = runner.invoke(app, ["eval", "--compare", str(questions)])
        assert (done.exit_code, done.stderr) == (
            1,
            "thinkaloud: --compare takes two runs, before and after; 1 are given\n",
        )

    def test_a_comparison_of_what_are_no_runs(self, runner: CliRunner, questions: Path):
        done = runner.invoke(app, ["eval", "--compare", str(questions), str(questions)])
        assert done.exit_code == 1
        assert "set.json holds no run; `thinkaloud eval SET --json FILE` writes one" in done.stderr

    def test_a_version_that_is_not_there(self, runner: CliRunner, questions: Path):
        done = runner.invoke(app, ["variants", str(questions), "--versions", "v1,v99"])
        assert (done.exit_code, done.stderr) == (1, "thinkaloud: --versions names 'v99'; there are v1, v2\n")

    def test_no_set_at_all(self, runner: CliRunner):
        assert runner.invoke(app, ["eval", "--json"]).exit_code == 2


class TestBars:
    def test_a_figure_below_its_bar(self, runner: CliRunner, questions: Path):
        bars = ["--fail-under", "hit@1=0.9", "--fail-under", "hit@3=1.5", "--fail-under", "abstention_recall=0.5"]
        done = runner.invoke(app, ["eval", str(questions), "--retrieval-only", "--json", *bars])
        assert done.exit_code == 1
        assert json.loads(done.stdout)["hit@1"] == 1.0
        assert "hit@3 is 1, below 1.5; abstention_recall was not measured, and its bar is 0.5" in done.stderr

    def test_figures_that_clear_them(self, runner: CliRunner, questions: Path):
        done = runner.invoke(app, ["eval", str(questions), "--retrieval-only", "--fail-under", "hit@1=1"])
        assert done.exit_code == 0, done.stderr


class TestJsonWithAndWithoutAFile:
    """`--json` may stand alone; a set of questions after it is never taken for a file to write."""

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            (["set.json", "--json"], ["set.json", "--json=-"]),
            (["--json", "set.json"], ["--json=-", "set.json"]),
            (["set.json", "--json", "-"], ["set.json", "--json", "-"]),
            (["set.json", "--json", "--limit", "3"], ["set.json", "--json=-", "--limit", "3"]),
            (["set.json", "--json", "new.json"], ["set.json", "--json", "new.json"]),
            (["set.json", "--json=new.json"], ["set.json", "--json=new.json"]),
            (["set.json", "--json", "run.json"], ["set.json", "--json", "run.json"]),
            (["set.json"], ["set.json"]),
        ],
    )
    def test_it_is_read(self, project: Path, questions: Path, runner: CliRunner, written: list[str], read: list[str]):
        write(project / "run.json", '{\n "kind": "thinkaloud evaluation",\n "hit@1": 1.0}')
        assert with_json_value(written) == read

    def test_a_set_is_never_overwritten(self, runner: CliRunner, questions: Path):
        before = questions.read_bytes()
        done = runner.invoke(app, ["eval", str(questions), "--retrieval-only", f"--json={questions}"])
        assert done.exit_code == 1
        assert "holds no run; name another file to write to" in done.stderr
        assert questions.read_bytes() == before
