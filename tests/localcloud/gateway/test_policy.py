from __future__ import annotations

from typing import Any

import pytest

from localcloud.gateway.policy import Decision, MalformedPolicy, decide
from tests.localcloud.gateway.stage import policy

ARN = "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/$connect"


@pytest.mark.parametrize(
    "resource",
    [
        ARN,
        "*",
        "arn:aws:execute-api:*:*:ChatApi/*",
        "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/?connect",
        "arn:aws:execute-api:us-east-1:123456789012:ChatApi/*/$connect",
    ],
)
def test_a_resource_with_wildcards_matches(resource: str) -> None:
    assert decide(policy("Allow", resource), ARN) is Decision.ALLOW


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:execute-api:us-east-1:123456789012:ChatApi/prod/$connect",
        "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/*/*",
        "arn:aws:execute-api:us-east-1:123456789012:chatapi/dev/$connect",
        "arn:aws:execute-api:us-east-1:123456789012:ChatApi/dev/[$]connect",
    ],
)
def test_another_resource_is_not_allowed(resource: str) -> None:
    assert decide(policy("Allow", resource), ARN) is Decision.UNSAID


@pytest.mark.parametrize("action", ["execute-api:Invoke", "execute-api:*", "*", "EXECUTE-API:invoke", ["s3:Get*", "*"]])
def test_the_action_must_cover_invoke(action: Any) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    assert decide({"Statement": statement}, ARN) is Decision.ALLOW


def test_another_action_is_not_allowed() -> None:
    statement = {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": "*"}
    assert decide({"Statement": [statement]}, ARN) is Decision.UNSAID


def test_a_deny_wins_over_any_allow() -> None:
    statements = policy("Allow", "*")["Statement"] + policy("Deny", ARN)["Statement"]
    assert decide({"Statement": statements}, ARN) is Decision.DENY


def test_a_deny_of_something_else_does_not_matter() -> None:
    statements = policy("Allow", "*")["Statement"] + policy("Deny", "*/prod/*")["Statement"]
    assert decide({"Statement": statements}, ARN) is Decision.ALLOW


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "allow",
        {},
        {"Statement": "allow"},
        {"Statement": ["allow"]},
        {"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": []}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}},
        {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}},
    ],
)
def test_a_policy_that_cannot_be_evaluated_is_never_an_allow(broken: Any) -> None:
    with pytest.raises(MalformedPolicy):
        decide(broken, ARN)
