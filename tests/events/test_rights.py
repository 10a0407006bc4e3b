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
NAMES = ("api", "authorizer", "connect", "default", "disconnect", "ingest", "settle", "turn")
#: Rights that are not used by a call of the function's own: others use them in its name. Lambda takes messages from
#: queues and leaves failures there, and whoever has a signed address uploads.
OTHERS = {"api": ("s3:PutObject",), "ingest": ("sqs:",), "settle": ("sqs:",), "turn": ("sqs:", "lambda:")}
#: What stand-ins do without: the keys of models and index.
STOOD_IN = {"ingest": {"secretsmanager:GetSecretValue"}, "turn": {"secretsmanager:GetSecretValue"}}


def granted(name: str) -> set[str]:
    """The actions of a function's role, but for its log and what others do in its name."""
    resources = load_document(ROOT / "template.yaml").body["Resources"]
    documents = [resources[f"{name.title()}Role"]["Properties"]["Policies"][0]["PolicyDocument"]]
    if name in APART:
        documents.append(resources[APART[name]]["Properties"]["PolicyDocument"])
    actions: set[str] = set()
    for statement in [each for document in documents for each in document["Statement"]]:
        plain: dict[str, Any] = statement.get("Fn::If", [None, statement])[1]
        action = plain["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    return own(name, actions)


def own(name: str, actions: set[str]) -> set[str]:
    """The actions without its log's and those that others do in its name."""
    return {action for action in actions if not action.startswith(("logs:", *OTHERS.get(name, ())))}


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
    functions.invoke("api", event("api-announce"))
    functions.upload("# 退货\n\n十四天之内可以退货。邮费由我们承担。\n")
    functions.invoke("ingest", functions.from_bucket("ingest-upload"))
    for asked in ("api-list", "api-show", "api-audit", "api-remove"):
        assert functions.invoke("api", event(asked))["statusCode"] in (200, 202)
    assert functions.invoke("ingest", event("ingest-remove")) == {"batchItemFailures": []}
    functions.invoke("disconnect", event("disconnect"))
    # Nobody is there any more, and whoever finds that out forgets the connection.
    functions.gone = True
    functions.invoke("default", event("message-resume"))
    functions.invoke("turn", functions.dispatched[-1])
    functions.invoke("default", asked_again("tWaits4kLm2p"))
    functions.invoke("settle", {**event("settle"), "requestPayload": functions.dispatched[-1]})
    return functions.rights


def test_a_function_uses_the_rights_it_has(used: dict[str, set[str]]) -> None:
    assert {name: own(name, used[name]) | STOOD_IN.get(name, set()) for name in NAMES} == {
        name: granted(name) for name in NAMES
    }
