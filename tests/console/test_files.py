from pathlib import Path

import pytest

from console.files import document_names, files_in


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(*given: object) -> list[str]:
    return [found.name for found in files_in(map(str, given))]


def test_a_folder_is_walked_to_its_end_and_gives_its_name(tmp_path: Path):
    folder = write(tmp_path / "handbook", "leave.md", "zh/leave.md", "zh/深/年假.pdf")
    assert names(folder) == ["handbook/leave.md", "handbook/zh/leave.md", "handbook/zh/深/年假.pdf"]
    assert names(folder / "zh" / "leave.md") == ["leave.md"]


def test_hidden_files_are_left_out_unless_they_are_named(tmp_path: Path):
    folder = write(tmp_path / ".notes", "a.md", ".DS_Store", ".git/config")
    assert names(folder) == [".notes/a.md"]
    assert names(folder / ".DS_Store") == [".DS_Store"]
    assert names(f"{folder}/**/*") == ["a.md"]


def test_a_file_named_twice_is_one(tmp_path: Path):
    folder = write(tmp_path / "f", "a.md")
    assert len(files_in([f"{folder}/a.md", f"{folder}/./a.md", str(folder)])) == 1


def test_what_does_not_exist_is_kept_to_fail_by_name(tmp_path: Path):
    assert names(tmp_path / "missing.md") == ["missing.md"]


def test_a_pattern_that_no_shell_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "docs/a.pdf", "docs/deep/b.pdf", "docs/c.md", "d.pdf")
    monkeypatch.chdir(tmp_path)
    assert names("docs/**/*.pdf") == ["a.pdf", "deep/b.pdf"]
    assert names("**/*.pdf") == ["d.pdf", "docs/a.pdf", "docs/deep/b.pdf"]
    assert names("*.txt") == []


def test_a_name_with_a_bracket_is_a_name(tmp_path: Path):
    folder = write(tmp_path, "plan [2026].md")
    assert names(folder / "plan [2026].md") == ["plan [2026].md"]


def test_names_are_spelt_alike_on_every_system(tmp_path: Path):
    assert names(write(tmp_path, "cafe\u0301.md") / "cafe\u0301.md") == ["caf\u00e9.md"]


def test_what_is_deleted_need_not_exist(tmp_path: Path):
    assert document_names([str(tmp_path / "handbook"), f"{tmp_path}/x/../gone.md"]) == ["handbook", "gone.md"]
