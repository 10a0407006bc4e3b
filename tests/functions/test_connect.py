"""Who may open a socket, and what is remembered of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.conftest import TABLE, event, load, stored
from thinkaloud.errors import IdentityError, StorageError
from thinkaloud.state.records import CONNECTION_LIFETIME

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def connect(**headers: str | None) -> dict[str, Any]:
    """The page's event with other headers; None takes one away."""
    changed = event("connect")
    for name, value in headers.items():
        changed["headers"].pop(name.replace("_", "-"), None)
        if value is not None:
            changed["headers"][name.replace("_", "-")] = value
    return changed


@pytest.mark.parametrize("name", ["connect", "connect-no-origin"])
def test_a_client_of_ours_is_let_in_and_remembered_for_its_longest_life(aws: DynamoDBClient, name: str) -> None:
    before = int(time.time())
    answer = load("connect").handler(event(name), None)
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "thinkaloud.v1"}}
    connection = f"CONNECTION#{event(name)['requestContext']['connectionId']}"
    assert stored(aws) == [(connection, "CONNECTION"), ("qinghe#USER#lin", "CONNECTIONS")]
    for item in aws.scan(TableName=TABLE)["Items"]:
        assert before + CONNECTION_LIFETIME <= int(item["expires_at"]["N"]) <= time.time() + CONNECTION_LIFETIME


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_WebSocket_Protocol": "graphql-ws"}, 400),
    ],
)
def test_who_is_not_let_in_is_not_remembered(aws: DynamoDBClient, headers: dict[str, str], status: int) -> None:
    assert load("connect").handler(connect(**headers), None)["statusCode"] == status
    assert stored(aws) == []


def test_the_token_is_in_no_answer_and_no_log(aws: DynamoDBClient, capsys: pytest.CaptureFixture[str]) -> None:
    token = event("connect")["headers"]["Sec-WebSocket-Protocol"].partition("bearer.")[2]
    assert len(token) > 50
    assert token not in str(load("connect").handler(event("connect"), None))
    assert token not in capsys.readouterr().out


def test_a_route_without_an_authoriser_lets_nobody_in(aws: DynamoDBClient) -> None:
    changed = event("connect")
    del changed["requestContext"]["authorizer"]
    with pytest.raises(IdentityError):
        load("connect").handler(changed, None)
    assert stored(aws) == []


def test_a_connection_that_cannot_be_stored_is_not_opened(aws: DynamoDBClient) -> None:
    aws.delete_table(TableName=TABLE)
    with pytest.raises(StorageError):
        load("connect").handler(event("connect"), None)
