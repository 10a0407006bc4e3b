"""Runs in files, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.errors import RunError
from evaluation.saved import is_run, read_run, write_run
from tests.evaluation.builders import result, run


def test_a_run_survives_its_file(tmp_path: Path):
    written = run(result("1"), result("2", "gifts", "refunds"))
    write_run(written, tmp_path / "run.json")
    saved = read_run(tmp_path / "run.json")
    assert saved.figures == written.figures()
    assert (saved.name, saved.setup) == (written.name, written.setup)
    assert [item.rank for item in saved.results.values()] == [1, 2]
    assert saved.results["2"].scores == written.results[1].scores


def test_its_figures_are_at_the_top(tmp_path: Path):
    write_run(run(result("1")), tmp_path / "run.json")
    content = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert content["hit@1"] == 1.0


def test_an_older_run_is_overwritten_and_nothing_else_is(tmp_path: Path):
    path = tmp_path / "run.json"
    for _ in range(2):
        write_run(run(result("1")), path)
    assert is_run(path)
    path.write_text('{"data": []}', encoding="utf-8")
    assert not is_run(path)
    with pytest.raises(RunError, match="holds no run; name another file"):
        write_run(run(result("1")), path)
    assert path.read_text(encoding="utf-8") == '{"data": []}'


def test_a_folder_that_is_not_there(tmp_path: Path):
    assert not is_run(tmp_path / "no" / "run.json")
    with pytest.raises(RunError, match="cannot be written"):
        write_run(run(result("1")), tmp_path / "no" / "run.json")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"results": [{}], "run": {}}', '{"results": 3}', "\ud800"])
def test_a_file_that_is_no_run(tmp_path: Path, content: str):
    path = tmp_path / "run.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(RunError, match="holds no run"):
        read_run(path)
    with pytest.raises(RunError, match="No such file"):
        read_run(tmp_path / "other.json")
