"""A connection that ended is forgotten, whether it was known or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.functions.conftest import TABLE, event, load, stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_a_connection_is_forgotten_with_its_end(aws: DynamoDBClient) -> None:
    load("connect").handler(event("connect"), None)
    load("connect").handler(event("connect-no-origin"), None)
    assert load("disconnect").handler(event("disconnect"), None) == {"statusCode": 200}
    assert stored(aws) == [
        ("CONNECTION#UXcG9cZqliACFyA=", "CONNECTION"),
        ("qinghe#USER#lin", "CONNECTIONS"),
    ]
    seats = aws.get_item(TableName=TABLE, Key={"pk": {"S": "qinghe#USER#lin"}, "sk": {"S": "CONNECTIONS"}})["Item"][
        "seats"
    ]["SS"]
    assert [seat.partition("#")[2] for seat in seats] == ["UXcG9cZqliACFyA="], "and its seat is free"


def test_an_end_that_is_told_twice_is_fine(aws: DynamoDBClient) -> None:
    for _ in range(2):
        assert load("disconnect").handler(event("disconnect"), None) == {"statusCode": 200}
