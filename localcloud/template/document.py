"""A template as written: YAML or JSON text to a tree of plain values that remembers its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from localcloud.template.errors import TemplateError

_NAMED_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
_NO_PREFIX = frozenset({"Ref", "Condition"})


@dataclass(frozen=True)
class Document:
    """A template's text as a tree in which short forms (`!Ref X`) are written out (`{"Ref": "X"}`)."""

    path: Path
    body: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)

    def error(self, problem: str, logical_id: str | None = None) -> TemplateError:
        """The error for `problem`, placed at the line where `logical_id` is defined."""
        return TemplateError(
            self.path, problem, logical_id=logical_id, line=self.lines.get(logical_id) if logical_id else None
        )

    def section(self, name: str) -> dict[str, Any]:
        """A top-level section such as `Resources`; empty where the template has none."""
        section = self.body.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            raise self.error(f"the section {name} must map names to definitions")
        return section


def load_document(path: Path) -> Document:
    """Reads `path`; a missing file, bad YAML or a template without resources is a TemplateError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(path, f"cannot be read ({error.strerror}); give the path of a SAM template") from None
    except UnicodeDecodeError as error:
        raise TemplateError(path, f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        body = loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        raise _yaml_error(path, error) from None
    finally:
        loader.dispose()
    if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
        raise TemplateError(path, "has no Resources section; it is not a CloudFormation or SAM template")
    return Document(path, body, _lines(root))


class _Loader(yaml.SafeLoader):
    """SafeLoader as CloudFormation reads YAML: tags are intrinsics, dates and yes/no are text, a key occurs once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are all different."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value} occurs twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def intrinsic(self, name: str, node: yaml.Node) -> dict[str, Any]:
        """`!GetAtt A.B` as `{"Fn::GetAtt": ["A", "B"]}`, and so on for each short form."""
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = self.construct_scalar(node)
            if name == "GetAtt":
                value = str(value).split(".", 1)
        elif isinstance(node, yaml.SequenceNode):
            value = self.construct_sequence(node, deep=True)
        elif isinstance(node, yaml.MappingNode):
            value = self.construct_mapping(node, deep=True)
        else:
            raise yaml.constructor.ConstructorError(None, None, f"!{name} has no value", node.start_mark)
        return {name if name in _NO_PREFIX else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _Loader.intrinsic)
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp" and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml_error(path: Path, error: yaml.YAMLError) -> TemplateError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        problem = ", ".join(part for part in (error.problem, error.context) if part)
        return TemplateError(path, f"{problem}; correct the YAML", line=error.problem_mark.line + 1)
    return TemplateError(path, f"{error}; correct the YAML")


def _lines(root: yaml.Node | None) -> dict[str, int]:
    """Logical id to the line of its definition, counted from 1."""
    lines: dict[str, int] = {}
    if isinstance(root, yaml.MappingNode):
        for section, content in root.value:
            if section.value in _NAMED_SECTIONS and isinstance(content, yaml.MappingNode):
                for name, _ in content.value:
                    lines.setdefault(str(name.value), name.start_mark.line + 1)
    return lines
