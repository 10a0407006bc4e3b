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

from tests.builders import NOW, outcome, question, turn_key
from thinkaloud.errors import StorageError, StorageThrottled
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.dynamo_stream import DynamoControl, DynamoJournal
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.state.records import Outcome, Reader, Segment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEGMENT = Segment(1, 1, 2, "[]")


def items(dynamodb: DynamoDBClient, table: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything in the table by its key, in DynamoDB's notation."""
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in dynamodb.scan(TableName=table)["Items"]}


# ---- the items -------------------------------------------------------------------------------------------------------


def test_everything_of_a_session_lies_under_its_tenant(dynamodb: DynamoDBClient, table: str) -> None:
    """A policy on leading keys can then fence a tenant off."""
    conversations = DynamoConversations(dynamodb, table)
    conversations.activate(turn_key(), "lin", NOW)
    conversations.create(question(), "UXcB4dYzFiACJNw=")
    DynamoControl(dynamodb, table).stop(turn_key(), "lin", NOW)
    DynamoJournal(dynamodb, table, 3_600).write(turn_key(), Segment(1, 1, 2, "[]"), NOW)
    assert set(items(dynamodb, table)) == {
        ("qinghe#SESSION#session-1", "SESSION"),
        ("qinghe#SESSION#session-1", "TURN#turn-0001"),
        ("qinghe#SESSION#session-1", "CONTROL#turn-0001"),
        ("qinghe#SESSION#session-1", "JOURNAL#turn-0001#001#0000000000000001"),
    }


def ended(conversations: DynamoConversations, ending: Outcome) -> None:
    conversations.activate(turn_key(), "lin", NOW)
    conversations.create(question(), "UXcB4dYzFiACJNw=")
    conversations.claim(turn_key(), NOW)
    conversations.finish(turn_key(), 1, ending)
    conversations.free(turn_key(), NOW)


def test_a_free_session_holds_no_trace_of_its_last_turn_but_its_id(dynamodb: DynamoDBClient, table: str) -> None:
    ended(DynamoConversations(dynamodb, table), outcome())
    session = items(dynamodb, table)["qinghe#SESSION#session-1", "SESSION"]
    assert set(session) == {"pk", "sk", "user", "created_at", "recent"}
    assert session["created_at"] == {"N": "1763631000.25"}


def test_a_turn_that_ended_has_no_lease(dynamodb: DynamoDBClient, table: str) -> None:
    ended(DynamoConversations(dynamodb, table), outcome())
    turn = items(dynamodb, table)["qinghe#SESSION#session-1", "TURN#turn-0001"]
    assert "lease_until" not in turn
    assert turn["epoch"] == {"N": "1"}


def test_an_answer_too_large_for_an_item_is_an_error_and_not_a_crash(dynamodb: DynamoDBClient, table: str) -> None:
    with pytest.raises(StorageError, match="ValidationException"):
        ended(DynamoConversations(dynamodb, table), outcome("年" * 200_000))


# ---- errors ----------------------------------------------------------------------------------------------------------

Call = Callable[[Any], object]
READER = Reader("UXcB4dYzFiACJNw=", 0, None, NOW)
#: Every call of a store, with the operation that it begins with.
CALLS: dict[str, tuple[str, Call]] = {
    "session": ("get_item", lambda client: DynamoConversations(client, "state").session("qinghe", "session-1")),
    "activate": ("update_item", lambda client: DynamoConversations(client, "state").activate(turn_key(), "lin", NOW)),
    "enqueue": ("update_item", lambda client: DynamoConversations(client, "state").enqueue(turn_key(), "turn-0000")),
    "release": ("update_item", lambda client: DynamoConversations(client, "state").release(turn_key())),
    "create": ("put_item", lambda client: DynamoConversations(client, "state").create(question(), "c")),
    "get": ("get_item", lambda client: DynamoConversations(client, "state").get(turn_key())),
    "claim": ("update_item", lambda client: DynamoConversations(client, "state").claim(turn_key(), NOW)),
    "renew": ("update_item", lambda client: DynamoConversations(client, "state").renew(turn_key(), 1, NOW, 2_000)),
    "finish": ("update_item", lambda client: DynamoConversations(client, "state").finish(turn_key(), 1, outcome())),
    "free": ("update_item", lambda client: DynamoConversations(client, "state").free(turn_key(), NOW)),
    "exchanges": ("batch_get_item", lambda client: DynamoConversations(client, "state").exchanges("q", "s", ["t"])),
    "write": ("put_item", lambda client: DynamoJournal(client, "state", 60).write(turn_key(), SEGMENT, NOW)),
    "read": ("query", lambda client: DynamoJournal(client, "state", 60).read(turn_key())),
    "stop": ("update_item", lambda client: DynamoControl(client, "state").stop(turn_key(), "lin", NOW)),
    "supersede": ("update_item", lambda client: DynamoControl(client, "state").supersede(turn_key(), NOW)),
    "attach": ("update_item", lambda client: DynamoControl(client, "state").attach(turn_key(), READER)),
    "look": ("get_item", lambda client: DynamoControl(client, "state").look(turn_key())),
}


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


@pytest.mark.parametrize(("operation", "call"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
)
def test_throttling_is_called_throttling(stub: Stubber, operation: str, call: Call, code: str) -> None:
    stub.add_client_error(operation, code, http_status_code=400)
    with pytest.raises(StorageThrottled, match=code):
        call(stub.client)


@pytest.mark.parametrize(("operation", "call"), CALLS.values(), ids=CALLS)
def test_another_error_is_a_storage_error_that_names_it(stub: Stubber, operation: str, call: Call) -> None:
    stub.add_client_error(operation, "InternalServerError", http_status_code=500)
    with pytest.raises(StorageError, match="InternalServerError") as caught:
        call(stub.client)
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
    timings = {"embed": 0.1, "tiny": 1e-7, "third": 1 / 3, "whole": 2.0, "long": 123_456_789.123}
    ending = replace(outcome(), timings=timings, usage={"prompt": 2**53})
    ended(conversations, ending)
    found = conversations.get(turn_key())
    assert found is not None
    assert found.outcome == ending
