"""cfn-lint over the template and over what SAM makes of it.

The linter does not look inside SAM resources: a bad time-out or runtime shows in the translation only, and the limit
of a WebSocket integration not even there (test_api.py). `sam validate --lint` runs in tests/build, with the SAM CLI.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from cfnlint import api

from localcloud.template.document import Document


def findings(text: str) -> list[str]:
    return [f"{found.rule.id} {found.message}" for found in api.lint(text, regions=["us-east-1"])]


def test_the_template_is_clean(document: Document) -> None:
    assert findings(document.path.read_text()) == []


def test_the_translated_template_is_clean(translated: dict[str, Any]) -> None:
    assert findings(json.dumps(translated)) == []


def test_the_lint_of_a_translation_sees_nonsense(translated: dict[str, Any]) -> None:
    broken = copy.deepcopy(translated)
    turn = broken["Resources"]["TurnFunction"]["Properties"]
    turn |= {"Timeout": 901, "Runtime": "python2.99"}
    found = " ".join(findings(json.dumps(broken)))
    assert "901 is greater than the maximum of 900" in found
    assert "'python2.99' is not one of" in found


def test_yaml_aliases_are_not_used(document: Document) -> None:
    """CloudFormation does not read them, and nothing before it says so."""
    text = document.path.read_text()
    assert ": &" not in text
    assert ": *" not in text
    assert "<<:" not in text
