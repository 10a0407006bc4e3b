"""Every event of events/ goes to its function; what comes back is what its name promises."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.events.conftest import ROOT, Functions, event
from thinkaloud.errors import LeaseHeld
from thinkaloud.state.records import TurnKey

FUNCTION_OF = {
    "authorizer-browser": "authorizer",
    "authorizer-native": "authorizer",
    "authorizer-http": "authorizer",
    "connect": "connect",
    "connect-no-origin": "connect",
    "message-ask": "default",
    "message-ask-zh": "default",
    "message-stop": "default",
    "message-resume": "default",
    "message-ping": "default",
    "message-auth": "default",
    "message-invalid": "default",
    "disconnect": "disconnect",
    "api-announce": "api",
    "api-list": "api",
    "api-show": "api",
    "api-remove": "api",
    "api-audit": "api",
    "ingest-upload": "ingest",
    "ingest-remove": "ingest",
    "settle": "settle",
    "turn": "turn",
}


def body(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["statusCode"] == 200
    frame: dict[str, Any] = json.loads(answer["body"])
    return frame


def test_every_event_is_tried_and_described() -> None:
    files = {path.stem for path in (ROOT / "events").glob("*.json")}
    assert files == set(FUNCTION_OF)
    readme = (ROOT / "events/README.md").read_text()
    for name, function in FUNCTION_OF.items():
        assert f"sam local invoke {function.title()}Function --event events/{name}.json" in readme


@pytest.mark.parametrize("name", ["authorizer-browser", "authorizer-native"])
def test_a_token_is_found_in_either_header(functions: Functions, name: str) -> None:
    answer = functions.invoke("authorizer", event(name))
    assert answer["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event(name)["methodArn"]}
    ]
    later = event("message-ask")["requestContext"]["authorizer"]
    assert {"principalId": answer["principalId"], **answer["context"]} == later


@pytest.mark.parametrize("name", ["connect", "connect-no-origin"])
def test_a_client_that_may_connect_gets_its_subprotocol(functions: Functions, name: str) -> None:
    answer = functions.invoke("connect", event(name))
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "thinkaloud.v1"}}


@pytest.mark.parametrize("name", ["message-ask", "message-ask-zh"])
def test_a_question_is_accepted_and_dispatched(functions: Functions, name: str) -> None:
    asked = json.loads(event(name)["body"])
    accepted = body(functions.invoke("default", event(name)))
    assert (accepted["type"], accepted["re"], accepted["turn"]) == ("accepted", asked["id"], asked["turn"])
    (job,) = functions.dispatched
    assert job["key"] == {"tenant": "qinghe", "session": asked["session"], "turn": asked["turn"]}


def test_the_turn_event_is_what_default_dispatches(functions: Functions) -> None:
    functions.invoke("default", event("message-ask"))
    assert functions.dispatched == [event("turn")]


def test_other_messages_are_answered_on_the_open_socket(functions: Functions) -> None:
    ping = event("message-ping")
    assert body(functions.invoke("default", ping)) == {"type": "rotate", "re": "3", "within": 0.0}, "two hours are over"
    ping["requestContext"]["connectedAt"] = int(time.time() * 1_000)
    assert body(functions.invoke("default", ping)) == {"type": "pong", "re": "3"}
    assert body(functions.invoke("default", event("message-invalid")))["type"] == "error"
    heard = body(functions.invoke("default", event("message-stop")))
    assert (heard["type"], heard["code"]) == ("notice", "unknown_turn")


def test_a_turn_answers_a_question_that_was_stored(functions: Functions) -> None:
    assert functions.invoke("turn", event("turn")) == {"ran": 0}
    accepted = body(functions.invoke("default", event("message-ask")))
    assert functions.invoke("turn", event("turn")) == {"ran": 1}
    assert [frame["seq"] for frame in functions.posted if "seq" in frame] == list(range(1, len(functions.posted) + 1))
    assert functions.posted[-1]["type"] == "complete"
    assert {frame["trace"] for frame in functions.posted} == {accepted["trace"]}


def test_a_turn_is_replayed_to_whoever_resumes(functions: Functions) -> None:
    functions.invoke("default", event("message-ask"))
    functions.invoke("turn", event("turn"))
    told = functions.posted.copy()
    assert functions.invoke("default", event("message-resume")) == {"statusCode": 200}
    assert functions.invoke("turn", functions.dispatched[-1]) == {"ran": 0}
    resumed, *again = functions.posted[len(told) :]
    assert (resumed["type"], resumed["re"], resumed["state"], resumed["from"]) == ("resumed", "6", "done", 4)
    assert again == told[3:]


def test_a_turn_that_was_given_up_is_closed_with_an_error(functions: Functions) -> None:
    functions.invoke("default", event("message-ask"))
    functions.invoke("settle", event("settle"))
    assert [frame["type"] for frame in functions.posted] == ["reset", "error"]
    assert functions.posted[-1]["code"] == "crashed"
    assert functions.invoke("turn", event("turn")) == {"ran": 0}
    functions.invoke("settle", event("settle"))  # delivered twice
    assert len(functions.posted) == 2


def test_a_turn_whose_lease_still_runs_is_not_closed_yet(functions: Functions) -> None:
    functions.invoke("default", event("message-ask"))
    functions.claim(TurnKey(**event("turn")["key"]))
    with pytest.raises(LeaseHeld):
        functions.invoke("settle", event("settle"))
    assert functions.posted == []


def test_a_newer_token_is_taken_over_an_open_connection(functions: Functions) -> None:
    functions.invoke("connect", event("connect"))
    assert body(functions.invoke("default", event("message-auth"))) == {
        "type": "notice",
        "re": "5",
        "code": "authenticated",
        "message": "Your sign-in was renewed.",
    }


def test_a_user_may_have_so_many_connections(functions: Functions) -> None:
    def connect(number: int) -> int:
        opening = event("connect")
        opening["requestContext"]["connectionId"] = f"connection-{number:03}="
        status: int = functions.invoke("connect", opening)["statusCode"]
        return status

    assert [connect(number) for number in range(12)] == [200] * 10 + [429] * 2


def test_a_connection_is_forgotten(functions: Functions) -> None:
    functions.invoke("connect", event("connect"))
    assert functions.invoke("disconnect", event("disconnect")) == {"statusCode": 200}


def test_a_request_is_let_in_by_its_token(functions: Functions) -> None:
    answer = functions.invoke("authorizer", event("authorizer-http"))
    assert answer["isAuthorized"] is True
    assert answer["context"] == event("api-list")["requestContext"]["authorizer"]["lambda"]


def test_a_document_is_announced_uploaded_read_and_removed(functions: Functions) -> None:
    announced = functions.invoke("api", event("api-announce"))
    assert announced["statusCode"] == 201
    told = json.loads(announced["body"])
    document, upload = told["document"], told["upload"]
    assert (document["name"], document["status"], document["metadata"]) == ("退货.md", "waiting", {"team": "客服"})
    assert upload["headers"] == {"content-type": "text/markdown", "if-none-match": "*"}
    assert "content-length%3Bcontent-type%3Bhost%3Bif-none-match" in upload["url"]

    functions.upload("# 退货\n\n十四天之内可以退货。邮费由我们承担。\n")
    assert functions.invoke("ingest", functions.from_bucket("ingest-upload")) == {"batchItemFailures": []}
    shown = json.loads(functions.invoke("api", event("api-show"))["body"])
    assert (shown["status"], shown["chunks"], shown["error"]) == ("ready", 1, None)
    listed = json.loads(functions.invoke("api", event("api-list"))["body"])
    assert [each["id"] for each in listed["documents"]] == [document["id"]]
    assert functions.invoke("ingest", functions.from_bucket("ingest-upload")) == {"batchItemFailures": []}

    removed = functions.invoke("api", event("api-remove"))
    assert (removed["statusCode"], json.loads(removed["body"])["document"]["status"]) == (202, "deleting")
    assert functions.invoke("ingest", event("ingest-remove")) == {"batchItemFailures": []}
    assert functions.invoke("api", event("api-show"))["statusCode"] == 404


def test_why_an_answer_is_what_it_is(functions: Functions) -> None:
    assert functions.invoke("api", event("api-audit"))["statusCode"] == 404
    functions.invoke("default", event("message-ask"))
    functions.invoke("turn", event("turn"))
    answer = functions.invoke("api", event("api-audit"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["question"] == "How long does a refund take?"
