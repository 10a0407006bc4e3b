"""A conversation told with events/: each function uses every right that the template gives it, and no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.template.document import load_document
from tests.events.conftest import ROOT, Functions, event
from thinkaloud.state.records import TurnKey

#: The policies that stand apart from a role.
APART = {"connect": "ConnectPresencePolicy"}
NAMES = ("authorizer", "connect", "default", "disconnect", "settle", "turn")


def granted(name: str) -> set[str]:
    """The actions of a function's role, but for its log and its failures, which Lambda itself sends on."""
    resources = load_document(ROOT / "template.yaml").body["Resources"]
    documents = [resources[f"{name.title()}Role"]["Properties"]["Policies"][0]["PolicyDocument"]]
    if name in APART:
        documents.append(resources[APART[name]]["Properties"]["PolicyDocument"])
    actions: set[str] = set()
    for statement in [each for document in documents for each in document["Statement"]]:
        plain: dict[str, Any] = statement.get("Fn::If", [None, statement])[1]
        action = plain["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    own = ("logs:", "sqs:", *(["lambda:"] if name == "turn" else []))
    return {action for action in actions if not action.startswith(own)}


def asked_again(turn: str) -> dict[str, Any]:
    """The question as a new turn, whose workers will all die."""
    message = event("message-ask")
    message["body"] = json.dumps({**json.loads(message["body"]), "turn": turn})
    return message


@pytest.fixture
def used(functions: Functions) -> dict[str, set[str]]:
    functions.leave_connections_behind()
    functions.invoke("authorizer", event("authorizer-browser"))
    functions.invoke("connect", event("connect"))
    functions.invoke("default", event("message-auth"))
    for question in ("message-ask", "message-ask-zh"):
        functions.invoke("default", event(question))
        functions.invoke("turn", functions.dispatched[-1])
    assert functions.posted[-1]["type"] == "complete"
    functions.invoke("default", event("message-ask-zh"))
    functions.invoke("default", event("message-stop"))
    functions.invoke("default", event("message-resume"))
    functions.invoke("turn", functions.dispatched[-1])
    assert functions.posted[-1]["type"] == "complete"
    functions.invoke("default", asked_again("t9Zz4kLm2pQa"))
    waits = TurnKey("qinghe", json.loads(event("message-ask")["body"])["session"], "tWaits4kLm2p")
    functions.enqueue(waits, behind="t9Zz4kLm2pQa")
    functions.invoke("settle", {**event("settle"), "requestPayload": functions.dispatched[-1]})
    assert functions.posted[-1]["code"] == "crashed"
    assert functions.dispatched[-1]["key"]["turn"] == waits.turn
    functions.invoke("disconnect", event("disconnect"))
    # Nobody is there any more, and whoever finds that out forgets the connection.
    functions.gone = True
    functions.invoke("default", event("message-resume"))
    functions.invoke("turn", functions.dispatched[-1])
    functions.invoke("default", asked_again("tWaits4kLm2p"))
    functions.invoke("settle", {**event("settle"), "requestPayload": functions.dispatched[-1]})
    return functions.rights


def test_a_function_uses_the_rights_it_has(used: dict[str, set[str]]) -> None:
    # The turn's secrets are the keys of its models and its index, which are stand-ins here.
    assert {name: used[name] | ({"secretsmanager:GetSecretValue"} if name == "turn" else set()) for name in NAMES} == {
        name: granted(name) for name in NAMES
    }
