"""`ConnectionStore` in DynamoDB: an item for each connection, and one for each user with the seats that are taken.

A seat is a string "{since}#{connection}" in a set. Taking one is a single conditional write on a single item, which
stays exact under any number of handshakes at once and costs one unit. A counter would drift with every `$disconnect`
that never comes; an item for each seat would need a query and a transaction to count them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from thinkaloud.identity.principal import Principal
from thinkaloud.state.items import ConditionRefused, pack, translated, unpack
from thinkaloud.state.records import Connection, Seat

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoConnections:
    """`ConnectionStore` in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, connection: Connection, most: int) -> tuple[Seat, ...]:
        # The seat first: one that is taken for nothing is swept some day, a connection without one would not count.
        principal = connection.principal
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=pack(_user_key(principal.tenant, principal.user)),
                    UpdateExpression="ADD seats :seat SET expires_at = :expires",
                    # Its own seat may be there already, if this is botocore's retry of a write whose answer was lost.
                    ConditionExpression="attribute_not_exists(seats) OR size(seats) < :most OR contains(seats, :own)",
                    ExpressionAttributeValues={
                        ":seat": _seats([connection.seat]),
                        ":own": {"S": _text(connection.seat)},
                        ":expires": {"N": str(connection.expires_at)},
                        ":most": {"N": str(most)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionRefused as refusal:
            return tuple(sorted(map(_seat, refusal.item["seats"]), key=lambda seat: (seat.since, seat.connection)))
        item = {
            **_connection_key(connection.id),
            "tenant": principal.tenant,
            "user": principal.user,
            "token_expires": principal.expires,
            "connected_at": connection.connected_at,
            "expires_at": connection.expires_at,
        }
        with translated():
            self._client.put_item(TableName=self._table, Item=pack(item))
        return ()

    def get(self, connection: str) -> Connection | None:
        # Consistent, since a client may ask as soon as its new token was taken.
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=pack(_connection_key(connection)), ConsistentRead=True
            )
        return _connection(connection, unpack(answer["Item"])) if "Item" in answer else None

    def extend(self, connection: str, expires: int) -> bool:
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=pack(_connection_key(connection)),
                    UpdateExpression="SET token_expires = :expires",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":expires": {"N": str(expires)}},
                )
        except ConditionRefused:
            return False
        return True

    def forget(self, connection: str) -> None:
        item = self._delete(connection)
        if item:
            self._free(item["tenant"], item["user"], [_connection(connection, item).seat])

    def vacate(self, tenant: str, user: str, seats: Sequence[Seat]) -> None:
        if seats:
            for seat in seats:
                self._delete(seat.connection)
            self._free(tenant, user, seats)

    def _delete(self, connection: str) -> dict[str, Any]:
        """Remove a connection's item; what it was, or an empty dict."""
        with translated():
            answer = self._client.delete_item(
                TableName=self._table, Key=pack(_connection_key(connection)), ReturnValues="ALL_OLD"
            )
        return unpack(answer.get("Attributes", {}))

    def _free(self, tenant: str, user: str, seats: Iterable[Seat]) -> None:
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=pack(_user_key(tenant, user)),
                    UpdateExpression="DELETE seats :seats",
                    # An update of an item that is gone would make it anew, without a time to live.
                    ConditionExpression="attribute_exists(seats)",
                    ExpressionAttributeValues={":seats": _seats(seats)},
                )
        except ConditionRefused:
            pass


def _connection_key(connection: str) -> dict[str, str]:
    return {"pk": f"CONNECTION#{connection}", "sk": "CONNECTION"}


def _user_key(tenant: str, user: str) -> dict[str, str]:
    return {"pk": f"{tenant}#USER#{user}", "sk": "CONNECTIONS"}


def _connection(name: str, item: dict[str, Any]) -> Connection:
    principal = Principal(item["tenant"], item["user"], item["token_expires"])
    return Connection(name, principal, item["connected_at"], item["expires_at"])


def _seats(seats: Iterable[Seat]) -> Any:
    return {"SS": [_text(seat) for seat in seats]}


def _text(seat: Seat) -> str:
    return f"{seat.since}#{seat.connection}"


def _seat(text: str) -> Seat:
    since, _, connection = text.partition("#")
    return Seat(connection, int(since))
