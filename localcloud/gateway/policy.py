"""Reading the IAM policy that an authorizer returns: as much of it as decides over one action on one ARN.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final

INVOKE: Final = "execute-api:Invoke"

_UNDERSTOOD: Final = {"Sid", "Effect", "Action", "Resource"}


class Decision(Enum):
    """What a policy says. Nothing said is a refusal too, but AWS words it differently."""

    ALLOW = "allow"
    DENY = "deny"
    UNSAID = "unsaid"


class MalformedPolicy(ValueError):
    """A policy that cannot be evaluated here; the text says which part."""


def decide(policy: Any, resource: str) -> Decision:
    """What `policy` says about invoking `resource`: any Deny wins, then any Allow.

    Raises `MalformedPolicy` for a missing part, and for `Condition`, `NotAction` and the like: a policy that is
    understood by halves must not open a connection.
    """
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise MalformedPolicy("policyDocument has no Statement")
    effects = {_effect(statement) for statement in statements if _matches(statement, resource)}
    if "Deny" in effects:
        return Decision.DENY
    return Decision.ALLOW if "Allow" in effects else Decision.UNSAID


def _matches(statement: Any, resource: str) -> bool:
    if not isinstance(statement, dict):
        raise MalformedPolicy("a Statement is not an object")
    if unknown := sorted(statement.keys() - _UNDERSTOOD):
        raise MalformedPolicy(f"a Statement has {', '.join(unknown)}, which the local gateway does not evaluate")
    actions = _texts(statement, "Action")
    resources = _texts(statement, "Resource")
    # Actions are compared without case, resources with it.
    return any(_glob(action.lower(), INVOKE.lower()) for action in actions) and any(
        _glob(pattern, resource) for pattern in resources
    )


def _effect(statement: dict[str, Any]) -> str:
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicy(f"Effect is {effect!r}; it must be Allow or Deny")
    return str(effect)


def _texts(statement: dict[str, Any], name: str) -> list[str]:
    value = statement.get(name)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(item, str) for item in values):
        raise MalformedPolicy(f"{name} must be a string or a list of strings")
    return values


def _glob(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` for any run of characters, `?` for one. Not fnmatch, which knows `[...]` as well."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None
