"""Resolving intrinsic functions: from a tree with `Ref`, `Fn::Sub` and the like to plain values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from localcloud.template import identifiers
from localcloud.template.document import Document
from localcloud.template.parameters import scalar_text

Intrinsic: TypeAlias = Callable[["Resolver", Any], Any]

_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


class Resolver:
    """Resolves values of one translated template. Errors name the logical id that is being read."""

    def __init__(
        self, document: Document, template: Mapping[str, Any], parameters: Mapping[str, str | list[str]]
    ) -> None:
        self._document = document
        self._parameters: dict[str, str | list[str]] = {**identifiers.PSEUDO_PARAMETERS, **parameters}
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = template.get("Conditions") or {}
        self._resources: Mapping[str, Any] = template["Resources"]
        self._reading: list[str] = []
        self._open: set[tuple[str, str]] = set()

    @contextmanager
    def reading(self, logical_id: str) -> Iterator[None]:
        """Names the definition that is being read, for errors."""
        self._reading.append(logical_id)
        try:
            yield
        finally:
            self._reading.pop()

    @contextmanager
    def _once(self, section: str, name: str) -> Iterator[None]:
        """Follows a definition that others may lead to; one that leads back to itself is an error."""
        if (section, name) in self._open:
            raise self._document.error("refers to itself; break the circle", name)
        self._open.add((section, name))
        try:
            with self.reading(name):
                yield
        finally:
            self._open.remove((section, name))

    def problem(self, text: str) -> Exception:
        """The error to raise for the definition that is being read."""
        return self._document.error(text, self._reading[-1] if self._reading else None)

    def value(self, node: Any) -> Any:
        """`node` with everything in it resolved; entries that are `AWS::NoValue` are gone."""
        resolved = self._value(node)
        return None if resolved is _NO_VALUE else resolved

    def text(self, node: Any) -> str:
        """`node` resolved to text."""
        resolved = self.value(node)
        if isinstance(resolved, (str, int, float)):
            return scalar_text(resolved)
        raise self.problem(f"text is needed where {_shown(node)} stands")

    def number(self, node: Any) -> float:
        """`node` resolved to a number."""
        text = self.text(node)
        try:
            return float(text)
        except ValueError:
            raise self.problem(f"a number is needed where {text!r} stands") from None

    def required(self, properties: Mapping[str, Any], name: str) -> str:
        """A property that must be there, resolved to text."""
        if name not in properties:
            raise self.problem(f"{name} is missing; add it")
        return self.text(properties[name])

    def exists(self, logical_id: str) -> bool:
        """Whether the resource is there and its condition, if any, holds."""
        resource = self._resources.get(logical_id)
        if not isinstance(resource, dict):
            return False
        return "Condition" not in resource or self.condition(str(resource["Condition"]))

    def of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Logical id and properties, not resolved, of every resource of a type that is there."""
        for logical_id, resource in self._resources.items():
            if resource.get("Type") == kind and self.exists(logical_id):
                yield logical_id, resource.get("Properties") or {}

    def condition(self, name: str) -> bool:
        """Whether the named condition holds."""
        if name not in self._conditions:
            raise self.problem(f"the condition {name} is unknown; define it under Conditions")
        with self._once("Conditions", name):
            return self._truth(self._conditions[name])

    def name(self, logical_id: str) -> str:
        """The physical name of a resource: the given one, else one made of its logical id."""
        resource = self._resources[logical_id]
        kind = str(resource.get("Type"))
        given = (resource.get("Properties") or {}).get(identifiers.NAME_PROPERTY.get(kind, ""))
        if given is None:
            return identifiers.default_name(kind, logical_id)
        with self._once("Resources", logical_id):
            return self.text(given)

    def reference(self, name: str) -> Any:
        """What `Ref` gives."""
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        if name == "AWS::NotificationARNs":
            return []
        kind, physical, owner = self._resource(name)
        return identifiers.reference(kind, physical, owner)

    def attribute(self, logical_id: str, attribute: str) -> str:
        """What `Fn::GetAtt` gives."""
        kind, physical, owner = self._resource(logical_id)
        if (kind, attribute) == ("AWS::ApiGatewayV2::Api", "ApiEndpoint"):
            protocol = (self._resources[logical_id].get("Properties") or {}).get("ProtocolType")
            return f"{'wss' if protocol == 'WEBSOCKET' else 'https'}://{identifiers.api_host(physical)}"
        value = identifiers.attribute(kind, physical, owner, attribute)
        if value is None:
            raise self.problem(f"{logical_id}.{attribute} is known only once {kind} is deployed; use a parameter")
        return value

    def _resource(self, logical_id: str) -> tuple[str, str, str | None]:
        if not isinstance(self._resources.get(logical_id), dict):
            raise self.problem(f"{logical_id} is neither a parameter nor a resource; define it or correct the name")
        resource = self._resources[logical_id]
        kind = str(resource.get("Type"))
        owner = (resource.get("Properties") or {}).get(identifiers.OWNER_PROPERTY.get(kind, ""))
        return kind, self.name(logical_id), None if owner is None else self.text(owner)

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [item for item in map(self._value, node) if item is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(key, argument)] = node.items()
            if key in _INTRINSICS:
                return _INTRINSICS[key](self, argument)
            if isinstance(key, str) and key.startswith("Fn::"):
                raise self.problem(f"the intrinsic function {key} is not supported locally; use a parameter instead")
        resolved = {key: self._value(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not _NO_VALUE}

    def _truth(self, node: Any) -> bool:
        if isinstance(node, dict) and set(node) == {"Condition"}:
            return self.condition(str(node["Condition"]))
        resolved = self.value(node)
        if isinstance(resolved, bool):
            return resolved
        if resolved in ("true", "false"):
            return bool(resolved == "true")
        raise self.problem(f"a condition is needed where {_shown(node)} stands")

    def _arguments(self, function: str, argument: Any, *counts: int) -> list[Any]:
        if not isinstance(argument, list) or len(argument) not in counts:
            wanted = " or ".join(str(count) for count in counts)
            raise self.problem(f"{function} takes a list of {wanted} values, not {_shown(argument)}")
        return argument

    # One method for each intrinsic function, in the order of the reference.

    def _ref(self, argument: Any) -> Any:
        return self.reference(str(argument))

    def _get_att(self, argument: Any) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = self._arguments("Fn::GetAtt", parts, 2)
        return self.attribute(str(logical_id), self.text(attribute))

    def _sub(self, argument: Any) -> str:
        template, given = (argument, {}) if isinstance(argument, str) else self._arguments("Fn::Sub", argument, 2)
        if not isinstance(template, str) or not isinstance(given, dict):
            raise self.problem(f"Fn::Sub takes a text, or a text with a map of values, not {_shown(argument)}")

        def replace(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{name}}}"
            if name in given:
                return self.text(given[name])
            if "." in name:
                return self.attribute(*name.split(".", 1))
            return self.text({"Ref": name})

        return _PLACEHOLDER.sub(replace, template)

    def _join(self, argument: Any) -> str:
        separator, values = self._arguments("Fn::Join", argument, 2)
        resolved = self.value(values)
        if not isinstance(resolved, list):
            raise self.problem(f"Fn::Join takes a list of texts, not {_shown(values)}")
        return self.text(separator).join(self.text(value) for value in resolved)

    def _split(self, argument: Any) -> list[str]:
        separator, source = self._arguments("Fn::Split", argument, 2)
        return self.text(source).split(self.text(separator))

    def _select(self, argument: Any) -> Any:
        index, values = self._arguments("Fn::Select", argument, 2)
        resolved, position = self.value(values), int(self.number(index))
        if not isinstance(resolved, list) or not 0 <= position < len(resolved):
            raise self.problem(f"Fn::Select has no entry {position} in {_shown(resolved)}")
        return resolved[position]

    def _find_in_map(self, argument: Any) -> Any:
        arguments = self._arguments("Fn::FindInMap", argument, 3, 4)
        found: Any = self._mappings
        keys = [self.text(key) for key in arguments[:3]]
        for key in keys:
            if not isinstance(found, Mapping) or key not in found:
                if len(arguments) == 4:
                    return self._value(arguments[3].get("DefaultValue"))
                raise self.problem(f"Fn::FindInMap finds nothing at {'.'.join(keys)}; add it under Mappings")
            found = found[key]
        return found

    def _if(self, argument: Any) -> Any:
        name, then, otherwise = self._arguments("Fn::If", argument, 3)
        return self._value(then if self.condition(str(name)) else otherwise)

    def _equals(self, argument: Any) -> bool:
        left, right = self._arguments("Fn::Equals", argument, 2)
        return self.text(left) == self.text(right)

    def _and(self, argument: Any) -> bool:
        return all(self._truth(item) for item in self._arguments("Fn::And", argument, *range(2, 11)))

    def _or(self, argument: Any) -> bool:
        return any(self._truth(item) for item in self._arguments("Fn::Or", argument, *range(2, 11)))

    def _not(self, argument: Any) -> bool:
        return not self._truth(self._arguments("Fn::Not", argument, 1)[0])

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(self.text(argument).encode()).decode()

    def _import_value(self, argument: Any) -> str:
        raise self.problem(f"Fn::ImportValue {self.text(argument)} needs another stack; use a parameter instead")


_INTRINSICS: dict[str, Intrinsic] = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::Sub": Resolver._sub,
    "Fn::Join": Resolver._join,
    "Fn::Split": Resolver._split,
    "Fn::Select": Resolver._select,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::If": Resolver._if,
    "Fn::Equals": Resolver._equals,
    "Fn::And": Resolver._and,
    "Fn::Or": Resolver._or,
    "Fn::Not": Resolver._not,
    "Fn::Base64": Resolver._base64,
    "Fn::ImportValue": Resolver._import_value,
}


def _shown(node: object) -> str:
    text = repr(node)
    return text if len(text) <= 80 else f"{text[:77]}..."
