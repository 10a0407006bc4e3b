"""The values of a template's parameters: what the deployer passes, else the defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localcloud.template.document import Document


def parameter_values(document: Document, given: Mapping[str, str]) -> dict[str, str]:
    """Every declared parameter with its value as text.

    TemplateError for a value that the template does not declare or does not allow, and for one that is missing.
    `AWS::SSM::Parameter::Value<...>` parameters are taken as they are: there is no Parameter Store to look them up in.
    """
    declared = document.section("Parameters")
    for name in given:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise document.error(f"has no parameter {name}; its parameters are: {known}")
    values: dict[str, str] = {}
    for name, definition in declared.items():
        if not isinstance(definition, dict):
            raise document.error("a parameter needs a Type", name)
        if name not in given and "Default" not in definition:
            raise document.error("this parameter has no default; pass a value for it", name)
        values[name] = scalar_text(given[name] if name in given else definition["Default"])
        problem = _refusal(definition, values[name])
        if problem:
            raise document.error(f"the value {values[name]!r} {problem}", name)
    return values


def _refusal(definition: Mapping[str, Any], value: str) -> str | None:
    """What the definition has against `value`, to go on with after "the value ..."."""
    allowed = [scalar_text(choice) for choice in definition.get("AllowedValues") or [value]]
    if value not in allowed:
        return f"is not allowed; choose one of: {', '.join(allowed)}"
    pattern = definition.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(str(pattern), value):
        return f"is not allowed; it must match {pattern}"
    if definition.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            return "is not a number"
        least, most = float(definition.get("MinValue", "-inf")), float(definition.get("MaxValue", "inf"))
        if not least <= number <= most:
            return f"is out of range; it must lie between {least:g} and {most:g}"
    return None


def typed_values(document: Document, values: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The same values as `Ref` gives them: a list for `CommaDelimitedList` and `List<...>`."""
    typed: dict[str, str | list[str]] = {}
    for name, value in values.items():
        kind = str(document.section("Parameters")[name].get("Type", "String"))
        is_list = "CommaDelimitedList" in kind or "List<" in kind
        typed[name] = [item.strip() for item in value.split(",")] if is_list else value
    return typed


def scalar_text(value: object) -> str:
    """A scalar as CloudFormation writes it: `true`, not `True`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
