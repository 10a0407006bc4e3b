"""`JournalStore` and `ControlStore` in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thinkaloud.state.items import (
    ConditionRefused,
    control_key,
    journal_key,
    journal_prefix,
    pack,
    session_key,
    squeeze,
    translated,
    unpack,
    unsqueeze,
)
from thinkaloud.state.records import Control, Reader, Segment, TurnKey
from thinkaloud.state.stores import MOST_WISHES
from thinkaloud.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Seconds a control item is kept: longer than any turn may run.
CONTROL_LIFETIME = 3_600
_READER = "reader#"


class DynamoJournal:
    """Segments, each an item with a time to live of `lifetime` seconds."""

    def __init__(self, client: DynamoDBClient, table: str, lifetime: int) -> None:
        self._client = client
        self._table = table
        self._lifetime = lifetime

    def write(self, key: TurnKey, item: Segment, now: float) -> None:
        row = {
            **journal_key(key, item.epoch, item.first),
            "last": item.last,
            "expires_at": int(now) + self._lifetime,
        }
        with translated():
            self._client.put_item(TableName=self._table, Item={**pack(row), "frames": squeeze(item.frames)})

    def read(self, key: TurnKey) -> list[Segment]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=pack(
                {":pk": session_key(key.tenant, key.session)["pk"], ":prefix": journal_prefix(key)}
            ),
            ConsistentRead=True,
        )
        with translated():
            return [_segment(unpack(item)) for page in pages for item in page["Items"]]


class DynamoControl:
    """The control item: a set of users, and a list of wishes for each reader: no writer undoes another's word."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def stop(self, key: TurnKey, user: str, now: float) -> None:
        self._update(key, now, "ADD stopped_by :user", {":user": {"SS": [user]}})

    def supersede(self, key: TurnKey, now: float) -> None:
        self._update(key, now, "SET superseded = :yes", {":yes": {"BOOL": True}})

    def attach(self, key: TurnKey, reader: Reader) -> None:
        wish = pack({"wishes": [{"after": reader.after, "re": reader.re, "at": reader.at}]})["wishes"]
        names = {"#reader": f"{_READER}{reader.connection}"}
        try:
            self._update(
                key,
                reader.at,
                "SET #reader = list_append(if_not_exists(#reader, :none), :wish)",
                {":wish": wish, ":none": {"L": []}, ":list": {"S": "L"}, ":most": {"N": str(MOST_WISHES)}},
                names,
                "attribute_not_exists(#reader) OR (attribute_type(#reader, :list) AND size(#reader) < :most)",
            )
        except ConditionRefused:
            # Enough of them, or something that is none: only this one counts from now on.
            self._update(key, reader.at, "SET #reader = :wish", {":wish": wish}, names)

    def look(self, key: TurnKey, *, consistent: bool = False) -> Control:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=pack(control_key(key)), ConsistentRead=consistent)
        item = unpack(answer.get("Item", {}))
        readers = (
            _reader(name.removeprefix(_READER), wish)
            for name, value in item.items()
            if name.startswith(_READER)
            for wish in (value if isinstance(value, list) else [value])
        )
        stopped_by = item.get("stopped_by", ())
        return Control(
            stopped_by=frozenset(stopped_by) if isinstance(stopped_by, set | tuple) else frozenset(),
            superseded=item.get("superseded") is True,
            readers=tuple(reader for reader in readers if reader is not None),
        )

    def _update(
        self,
        key: TurnKey,
        now: float,
        update: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
        condition: str | None = None,
    ) -> None:
        # One clause of each kind: `update` is a SET that goes on, or an ADD that follows it.
        lifetime = "expires_at = :expires"
        expression = f"{update}, {lifetime}" if update.startswith("SET") else f"SET {lifetime} {update}"
        arguments: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        if condition:
            arguments["ConditionExpression"] = condition
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=pack(control_key(key)),
                UpdateExpression=expression,
                ExpressionAttributeValues={**values, ":expires": {"N": str(int(now) + CONTROL_LIFETIME)}},
                **arguments,
            )


def _reader(connection: str, value: Any) -> Reader | None:
    """A reader's wish; None where the item does not say one, which must not keep the others from theirs."""
    try:
        after, re = int(value["after"]), value.get("re")
        if after < 0 or not isinstance(re, str | None):
            raise ValueError(value)
        return Reader(connection, after, re, float(value["at"]))
    except (TypeError, KeyError, ValueError, AttributeError):
        logger().error("a reader in the control item cannot be read", extra={"connection": connection})
        return None


def _segment(item: dict[str, Any]) -> Segment:
    """A segment; where it is broken, one without frames, which its reader will notice."""
    _, _, epoch, first = item["sk"].split("#")
    try:
        return Segment(int(epoch), int(first), int(item["last"]), unsqueeze(item["frames"]))
    except (KeyError, TypeError, ValueError):
        return Segment(int(epoch), int(first), int(first), "")
