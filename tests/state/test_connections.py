"""The contract of the connection stores: one suite over the versions in memory and in DynamoDB."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.builders import NOW, principal
from thinkaloud.errors import StorageError, StorageThrottled
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.records import CONNECTION_LIFETIME, Connection, Seat
from thinkaloud.state.stores import ConnectionStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPENED = int(NOW)
MOST = 3


def connection(name: str = "UXcB4dYzFiACJNw=", *, at: int = OPENED, **who: Any) -> Connection:
    return Connection(name, principal(**who), at, at + CONNECTION_LIFETIME)


def fill(connections: ConnectionStore, count: int = MOST, **who: Any) -> list[Connection]:
    """Open this many, a second after one another."""
    opened = [connection(f"connection-{number}=", at=OPENED + number, **who) for number in range(count)]
    for each in opened:
        assert connections.put(each, MOST) == ()
    return opened


# ---- one connection --------------------------------------------------------------------------------------------------


def test_a_connection_comes_back_as_it_was_stored(connections: ConnectionStore) -> None:
    opened = connection(user="林小青", expires=4_102_444_800)
    assert connections.put(opened, MOST) == ()
    assert connections.get(opened.id) == opened


def test_a_connection_nobody_knows(connections: ConnectionStore) -> None:
    assert connections.get("never-seen=") is None
    assert not connections.extend("never-seen=", 4_102_444_800)
    connections.forget("never-seen=")
    connections.vacate("qinghe", "lin", [Seat("never-seen=", OPENED)])
    connections.vacate("qinghe", "lin", [])
    assert connections.get("never-seen=") is None


def test_a_newer_token_moves_the_end_and_nothing_else(connections: ConnectionStore) -> None:
    opened = connection(expires=1)
    connections.put(opened, MOST)
    assert connections.extend(opened.id, 4_102_444_800)
    assert connections.get(opened.id) == connection(expires=4_102_444_800)


def test_a_connection_is_forgotten_once_and_for_all(connections: ConnectionStore) -> None:
    connections.put(connection(), MOST)
    for _ in range(2):
        connections.forget(connection().id)
    assert connections.get(connection().id) is None


# ---- the seats of a user ---------------------------------------------------------------------------------------------


def test_a_user_has_so_many_seats_and_hears_who_has_them(connections: ConnectionStore) -> None:
    taken = fill(connections)
    late = connection("late=", at=OPENED + 60)
    assert connections.put(late, MOST) == tuple(each.seat for each in taken)
    assert connections.get(late.id) is None, "what was refused leaves nothing behind"


def test_whoever_leaves_makes_room(connections: ConnectionStore) -> None:
    taken = fill(connections)
    connections.forget(taken[1].id)
    assert connections.put(connection("next="), MOST) == ()
    taken[1] = connection("next=")
    assert set(connections.put(connection("one-more="), MOST)) == {each.seat for each in taken}


def test_seats_are_vacated_whether_their_connection_is_still_known_or_not(connections: ConnectionStore) -> None:
    taken = fill(connections)
    connections.vacate("qinghe", "lin", [taken[0].seat, taken[2].seat])
    assert [connections.get(each.id) for each in taken] == [None, taken[1], None]
    assert connections.put(connection("a="), MOST) == ()
    assert connections.put(connection("b="), MOST) == ()
    assert connections.put(connection("c="), MOST) != ()


def test_the_last_to_leave_leaves_all_seats_free(connections: ConnectionStore) -> None:
    for each in fill(connections):
        connections.forget(each.id)
    fill(connections)


@pytest.mark.parametrize("who", [{"tenant": "green-mountain"}, {"user": "mei"}, {"user": "lin#CONNECTIONS"}], ids=str)
def test_seats_are_a_users_own(connections: ConnectionStore, who: dict[str, Any]) -> None:
    fill(connections)
    assert connections.put(connection("other=", **who), MOST) == ()
    assert connections.put(connection("late="), MOST) != ()


def test_a_limit_that_was_lowered_holds_from_then_on(connections: ConnectionStore) -> None:
    taken = fill(connections)
    assert connections.put(connection("late="), 1) == tuple(each.seat for each in taken)


def test_of_twenty_handshakes_at_once_exactly_as_many_get_in_as_there_are_seats(connections: ConnectionStore) -> None:
    together = threading.Barrier(20)

    def connect(number: int) -> bool:
        together.wait()
        return not connections.put(connection(f"connection-{number}="), 10)

    with ThreadPoolExecutor(20) as people:
        admitted = list(people.map(connect, range(20)))
    assert sum(admitted) == 10
    known = [connections.get(f"connection-{number}=") is not None for number in range(20)]
    assert known == admitted


def test_of_twenty_that_come_and_go_no_seat_is_lost(connections: ConnectionStore) -> None:
    together = threading.Barrier(20)

    def visit(number: int) -> None:
        together.wait()
        for _ in range(3):
            if not connections.put(connection(f"connection-{number}="), MOST):
                connections.forget(f"connection-{number}=")

    with ThreadPoolExecutor(20) as people:
        list(people.map(visit, range(20)))
    fill(connections)


# ---- the items in the table ------------------------------------------------------------------------------------------


def items(dynamodb: DynamoDBClient, table: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything in the table by its key, in DynamoDB's notation."""
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in dynamodb.scan(TableName=table)["Items"]}


def test_the_items_of_a_connection(dynamodb: DynamoDBClient, table: str) -> None:
    connections = DynamoConnections(dynamodb, table)
    connections.put(connection(expires=1), MOST)
    assert items(dynamodb, table) == {
        ("CONNECTION#UXcB4dYzFiACJNw=", "CONNECTION"): {
            "pk": {"S": "CONNECTION#UXcB4dYzFiACJNw="},
            "sk": {"S": "CONNECTION"},
            "tenant": {"S": "qinghe"},
            "user": {"S": "lin"},
            "token_expires": {"N": "1"},
            "connected_at": {"N": "1763631000"},
            "expires_at": {"N": "1763638800"},
        },
        ("qinghe#USER#lin", "CONNECTIONS"): {
            "pk": {"S": "qinghe#USER#lin"},
            "sk": {"S": "CONNECTIONS"},
            "seats": {"SS": ["1763631000#UXcB4dYzFiACJNw="]},
            "expires_at": {"N": "1763638800"},
        },
    }
    connections.forget("UXcB4dYzFiACJNw=")
    left = items(dynamodb, table)
    assert set(left) == {("qinghe#USER#lin", "CONNECTIONS")}
    assert "seats" not in left["qinghe#USER#lin", "CONNECTIONS"], "and the rest goes with its time to live"


def test_forgetting_after_the_time_to_live_brings_nothing_back(dynamodb: DynamoDBClient, table: str) -> None:
    connections = DynamoConnections(dynamodb, table)
    connections.put(connection(), MOST)
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": "qinghe#USER#lin"}, "sk": {"S": "CONNECTIONS"}})
    connections.forget(connection().id)
    assert items(dynamodb, table) == {}


def test_a_write_whose_answer_was_lost_may_be_repeated(dynamodb: DynamoDBClient, table: str) -> None:
    """botocore does so by itself; the last seat is then taken by the very connection that asks for it."""
    connections = DynamoConnections(dynamodb, table)
    for _ in range(2):
        assert connections.put(connection(), 1) == ()


def test_errors_are_spoken_of_in_the_same_words_as_elsewhere() -> None:
    client = boto3.client(
        "dynamodb", region_name="eu-west-1", aws_access_key_id="nobody", aws_secret_access_key="nothing"
    )
    connections = DynamoConnections(client, "state")
    with Stubber(client) as stub:
        stub.add_client_error("update_item", "ThrottlingException", http_status_code=400)
        stub.add_client_error("delete_item", "ResourceNotFoundException", http_status_code=400)
        stub.add_client_error("get_item", "InternalServerError", http_status_code=500)
        stub.add_client_error("update_item", "ThrottlingException", http_status_code=400)
        with pytest.raises(StorageThrottled):
            connections.put(connection(), MOST)
        with pytest.raises(StorageError, match="ResourceNotFoundException"):
            connections.forget("c1")
        with pytest.raises(StorageError, match="InternalServerError"):
            connections.get("c1")
        with pytest.raises(StorageThrottled):
            connections.extend("c1", 1)
        stub.assert_no_pending_responses()
