from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.template.document import load_document
from localcloud.template.errors import TemplateError

Project = Callable[[str], Path]


def test_short_forms_are_written_out(project: Project) -> None:
    document = load_document(
        project(
            """
            Resources:
              A:
                Value:
                  - !Ref B
                  - !GetAtt B.Outputs.C
                  - !Sub "${B}"
                  - !Join [",", [!Ref X, y]]
                  - !If [IsProd, !Ref AWS::NoValue, {a: !Select [0, [1]]}]
                  - !Condition IsProd
            """
        )
    )
    assert document.body["Resources"]["A"]["Value"] == [
        {"Ref": "B"},
        {"Fn::GetAtt": ["B", "Outputs.C"]},
        {"Fn::Sub": "${B}"},
        {"Fn::Join": [",", [{"Ref": "X"}, "y"]]},
        {"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, {"a": {"Fn::Select": [0, [1]]}}]},
        {"Condition": "IsProd"},
    ]


def test_dates_and_yes_are_text_true_is_not(project: Project) -> None:
    document = load_document(
        project("AWSTemplateFormatVersion: 2010-09-09\nResources: {A: {b: yes, No: on, c: true, d: 12}}\n")
    )
    assert document.body["AWSTemplateFormatVersion"] == "2010-09-09"
    assert document.body["Resources"]["A"] == {"b": "yes", "No": "on", "c": True, "d": 12}


def test_json_is_read_too(project: Project) -> None:
    assert load_document(project('{"Resources": {"A": {"Ref": "B"}}}')).section("Resources") == {"A": {"Ref": "B"}}


def test_lines_of_definitions_are_kept(project: Project) -> None:
    document = load_document(project("Parameters:\n  P: {Type: String}\nResources:\n  A:\n    Type: X\n"))
    assert document.lines == {"P": 2, "A": 4}
    assert str(document.error("is odd", "A")) == f"{document.path}:4: A: is odd"


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("Resources:\n  A: [1\n  B: 2\n", 3, "correct the YAML"),
        ("Resources:\n  A: {Type: X}\n  A: {Type: Y}\n", 3, "the key A occurs twice"),
        ("Resources:\n\tA: 1\n", 2, "cannot start any token"),
    ],
)
def test_bad_yaml_names_the_line(project: Project, text: str, line: int, complaint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        load_document(project(text))
    assert caught.value.line == line
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"nowhere\.yaml: cannot be read \(No such file or directory\)"):
        load_document(tmp_path / "nowhere.yaml")


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_bytes("Resources: {A: 问}".encode("gb18030"))
    with pytest.raises(TemplateError, match="save it as UTF-8"):
        load_document(path)


@pytest.mark.parametrize("text", ["", "just text", "Resources:\n", "Outputs: {}\n"])
def test_without_resources_it_is_no_template(project: Project, text: str) -> None:
    with pytest.raises(TemplateError, match="no Resources section"):
        load_document(project(text))
