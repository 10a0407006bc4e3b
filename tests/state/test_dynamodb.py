"""The items as they lie in the table, and DynamoDB's errors in our words."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from thinkaloud.state.dynamodb import CLIENT_CONFIG, CONTROL_LIFETIME, DynamoConversations

from tests.builders import NOW, outcome, question, turn_key
from thinkaloud.errors import StorageError, StorageThrottled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOW + 75.0


def items(dynamodb: DynamoDBClient, table: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything in the table by its key, in DynamoDB's notation."""
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in dynamodb.scan(TableName=table)["Items"]}


# ---- the items -------------------------------------------------------------------------------------------------------


def test_everything_of_a_session_lies_under_its_tenant(dynamodb: DynamoDBClient, table: str) -> None:
    """A policy on leading keys can then fence a tenant off."""
    conversations = DynamoConversations(dynamodb, table)
    active = conversations.activate(turn_key(), "lin", NOW, LATER)
    conversations.create(question())
    conversations.request_stop(turn_key(), "lin", NOW)
    conversations.finish(turn_key(), outcome(), active.recent)
    assert set(items(dynamodb, table)) == {
        ("qinghe#SESSION#session-1", "SESSION"),
        ("qinghe#SESSION#session-1", "TURN#turn-0001"),
        ("qinghe#SESSION#session-1", "CONTROL#turn-0001"),
    }


def test_a_free_session_holds_no_trace_of_its_last_turn_but_its_id(dynamodb: DynamoDBClient, table: str) -> None:
    conversations = DynamoConversations(dynamodb, table)
    conversations.activate(turn_key(), "lin", NOW, LATER)
    conversations.create(question())
    conversations.finish(turn_key(), outcome(), ())
    session = items(dynamodb, table)["qinghe#SESSION#session-1", "SESSION"]
    assert set(session) == {"pk", "sk", "user", "created_at", "recent"}
    assert session["created_at"] == {"N": "1763631000.25"}


def test_a_word_to_the_worker_is_gone_some_time_after_any_turn_is(dynamodb: DynamoDBClient, table: str) -> None:
    DynamoConversations(dynamodb, table).request_stop(turn_key(), "lin", NOW)
    control = items(dynamodb, table)["qinghe#SESSION#session-1", "CONTROL#turn-0001"]
    assert control["expires_at"] == {"N": str(int(NOW) + CONTROL_LIFETIME)}
    assert CONTROL_LIFETIME > 900, "longer than a Lambda may run"


def test_an_answer_too_large_for_an_item_is_an_error_and_not_a_crash(dynamodb: DynamoDBClient, table: str) -> None:
    conversations = DynamoConversations(dynamodb, table)
    conversations.create(question())
    with pytest.raises(StorageError, match="ValidationException"):
        conversations.finish(turn_key(), outcome("年" * 200_000), ())


# ---- errors ----------------------------------------------------------------------------------------------------------

Call = Callable[[DynamoConversations], object]
#: Every call of a conversation store, by the operation that it begins with.
CALLS: list[tuple[str, Call]] = [
    ("update_item", lambda store: store.activate(turn_key(), "lin", NOW, LATER)),
    ("update_item", lambda store: store.renew(turn_key(), LATER)),
    ("update_item", lambda store: store.release(turn_key())),
    ("put_item", lambda store: store.create(question())),
    ("get_item", lambda store: store.get(turn_key())),
    ("update_item", lambda store: store.claim(turn_key())),
    ("update_item", lambda store: store.finish(turn_key(), outcome(), ())),
    ("batch_get_item", lambda store: store.exchanges("qinghe", "session-1", ["turn-0001"])),
    ("get_item", lambda store: store.request_stop(turn_key(), "lin", NOW)),
    ("get_item", lambda store: store.stop_requested(turn_key(), "lin")),
]
NAMES = [
    "activate",
    "renew",
    "release",
    "create",
    "get",
    "claim",
    "finish",
    "exchanges",
    "request_stop",
    "stop_requested",
]


def plain_client(**options: Any) -> DynamoDBClient:
    return boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        **options,
    )


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(plain_client()) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(("operation", "call"), CALLS, ids=NAMES)
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
)
def test_throttling_is_called_throttling(stub: Stubber, operation: str, call: Call, code: str) -> None:
    stub.add_client_error(operation, code, http_status_code=400)
    with pytest.raises(StorageThrottled, match=code):
        call(DynamoConversations(cast("Any", stub.client), "state"))


@pytest.mark.parametrize(("operation", "call"), CALLS, ids=NAMES)
def test_another_error_is_a_storage_error_that_names_it(stub: Stubber, operation: str, call: Call) -> None:
    stub.add_client_error(operation, "InternalServerError", http_status_code=500)
    with pytest.raises(StorageError, match="InternalServerError") as caught:
        call(DynamoConversations(cast("Any", stub.client), "state"))
    assert type(caught.value) is StorageError


def test_a_batch_that_is_read_in_part_is_throttling_and_not_a_gap_in_memory(stub: Stubber) -> None:
    left = {"state": {"Keys": [{"pk": {"S": "qinghe#SESSION#session-1"}, "sk": {"S": "TURN#turn-0001"}}]}}
    stub.add_response("batch_get_item", {"Responses": {"state": []}, "UnprocessedKeys": left})
    with pytest.raises(StorageThrottled):
        DynamoConversations(cast("Any", stub.client), "state").exchanges("qinghe", "session-1", ["turn-0001"])


def test_a_table_that_cannot_be_reached_is_a_storage_error() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        client = plain_client(
            endpoint_url=f"http://127.0.0.1:{nobody.getsockname()[1]}",
            config=CLIENT_CONFIG.merge(Config(retries={"total_max_attempts": 1})),
        )
        with pytest.raises(StorageError, match="EndpointConnectionError"):
            DynamoConversations(client, "state").get(turn_key())


def test_an_endless_wait_is_not_what_a_person_gets() -> None:
    options: Any = CLIENT_CONFIG
    attempts = options.retries["total_max_attempts"]
    assert attempts * (options.connect_timeout + options.read_timeout) <= 10.0


def test_numbers_come_back_as_they_went(dynamodb: DynamoDBClient, table: str) -> None:
    conversations = DynamoConversations(dynamodb, table)
    conversations.create(question())
    timings = {"embed": 0.1, "tiny": 1e-7, "third": 1 / 3, "whole": 2.0, "long": 123_456_789.123}
    ending = replace(outcome(), timings=timings, usage={"prompt": 2**53})
    conversations.finish(turn_key(), ending, ())
    found = conversations.get(turn_key())
    assert found is not None
    assert found.outcome == ending
