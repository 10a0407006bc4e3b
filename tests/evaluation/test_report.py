"""Reports: for the eye, and safe to open whatever a set or a model says."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.comparing import compare
from evaluation.errors import RunError
from evaluation.report import durations, failures, quality, write_comparison, write_report
from evaluation.run import Run, result_of
from evaluation.saved import read_run, write_run
from tests.evaluation.builders import abstained, case, left_open, reply, result, run, seen

NASTY = "<script>alert(1)</script> | [x](javascript:y) `z` $$\n# boo"


@pytest.fixture
def mixed() -> Run:
    return run(
        result("1", timings={"search": 0.0123, "total": 0.2}),
        result_of(case("2", NASTY, language="zh"), seen("gifts", key="2", reply=reply(NASTY, "gifts"))),
        result_of(case("3"), abstained("3", "gifts", "refunds")),
        result_of(left_open("4"), seen("gifts", key="4")),
        result_of(case("5"), seen(key="5", error="ModelError: no")),
        result("6", "gifts", "refunds"),
        notes=("left out 1 of 7 questions",),
    )


def test_the_table_has_a_column_for_each_group(mixed: Run):
    table = quality(mixed, mixed.figures())
    assert table.columns == ("", "all", "English", "Chinese")
    assert {len(row) for row in table.rows} == {4}
    assert table.rows[0] == ("Hit@1", "0.2500", "0.3333", "0.0000")
    assert "Faithfulness (overlap)" in [row[0] for row in table.rows]


def test_what_was_not_measured_has_no_row():
    only = run(result("1", reply=None))
    assert not [row for row in quality(only, only.figures()).rows if "Citation" in row[0]]
    assert durations(only.figures()).rows == ()


def test_durations_are_in_milliseconds(mixed: Run):
    assert durations(mixed.figures()).rows == (("search", "12.3", "12.3"), ("total", "200.0", "200.0"))


def test_failures_begin_with_the_worst(mixed: Run):
    assert [(failure.result.case.id, failure.what) for failure in failures(mixed)] == [
        ("5", "error: ModelError: no"),
        ("4", "answered, though the documents do not"),
        ("2", "place not found"),
        ("3", "abstained, though the documents answer it"),
        ("6", "place ranked 2"),
    ]


def test_a_right_place_that_is_not_cited():
    [failure] = failures(run(result("1", reply=reply("x [1]", "gifts"))))
    assert failure.what == "cites other places"


def test_the_reports_are_written(tmp_path: Path, mixed: Run):
    paths = write_report(mixed, tmp_path / "deep" / "report")
    assert [path.name for path in paths] == ["report.md", "report.html", "run.json"]
    markdown = paths[0].read_text(encoding="utf-8")
    assert "| Hit@1 | 0.2500 | 0.3333 | 0.0000 |" in markdown
    assert "left out 1 of 7 questions" in markdown
    assert "no judge model is configured" in markdown
    assert read_run(paths[2]).results.keys() == {"1", "2", "3", "4", "5", "6"}


def test_nothing_in_a_report_is_markup_but_its_own(tmp_path: Path, mixed: Run):
    markdown, page, _ = (path.read_text(encoding="utf-8") for path in write_report(mixed, tmp_path))
    assert "<script" not in page and "&lt;script&gt;" in page
    [row] = [line for line in markdown.splitlines() if "alert" in line and "place not found" in line]
    assert row.count("<script") == row.count("\\<script") > 0
    assert row.replace("\\|", "").count("|") == 6
    assert "\n# boo" not in markdown


def test_a_comparison(tmp_path: Path, mixed: Run):
    saved = []
    for name, last in (("a", result("7")), ("b", result_of(case("7"), abstained("7", "gifts")))):
        write_run(run(*mixed.results, last, name=name), tmp_path / f"{name}.json")
        saved.append(read_run(tmp_path / f"{name}.json"))
    markdown, page = (path.read_text(encoding="utf-8") for path in write_comparison(compare(*saved), tmp_path / "out"))
    for text in (markdown, page):
        assert "Questions that became worse (1)" in text
        assert "False abstention" in text


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, mixed: Run):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written to"):
        write_report(mixed, tmp_path / "file")
