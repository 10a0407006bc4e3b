"""DynamoDB's bill for what a client does, in capacity units.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]


def item_size(item: Item) -> int:
    """Bytes of an item in DynamoDB's notation: names and values, 3 for a list or map and 1 for each thing in it."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in content.items())
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "NS":
            return sum(_number_size(each) for each in content)
        case _:
            return 1


def _number_size(digits: str) -> int:
    return math.ceil(len(digits.lstrip("-").replace(".", "")) / 2) + 1


def write_units(*sizes: int) -> int:
    """Units of a write, from the item's size in bytes before and after it: the larger one counts, by the KB."""
    return max(1, math.ceil(max(sizes, default=0) / 1_024))


def read_units(size: int, *, consistent: bool) -> float:
    """Units of a read of so many bytes, by 4 KB; an eventually consistent one is half of it."""
    return max(1, math.ceil(size / 4_096)) * (1.0 if consistent else 0.5)


class MeteredDynamoDB:
    """Passes calls on to a client, and adds up the units they use. What a table has no operation for here fails loudly.

    It looks at items before and after each write, through the client and unmetered: not for measuring time.
    """

    def __init__(self, client: DynamoDBClient) -> None:
        self.written = 0
        self.read = 0.0
        self._client: Any = client
        self._counting = threading.Lock()

    def put_item(self, **call: Any) -> Any:
        return self._writing([_key_of_put(call)], self._client.put_item, call)

    def update_item(self, **call: Any) -> Any:
        return self._writing([(call["TableName"], call["Key"])], self._client.update_item, call)

    def delete_item(self, **call: Any) -> Any:
        return self._writing([(call["TableName"], call["Key"])], self._client.delete_item, call)

    def batch_write_item(self, **call: Any) -> Any:
        keys = [
            (table, request["DeleteRequest"]["Key"])
            if "DeleteRequest" in request
            else _key_of_put({"TableName": table, **request["PutRequest"]})
            for table, requests in call["RequestItems"].items()
            for request in requests
        ]
        return self._writing(keys, self._client.batch_write_item, call)

    def transact_write_items(self, **call: Any) -> Any:
        # A write of a transaction is paid twice: it is prepared, and then done. A condition's check is one of them.
        actions = [action for item in call["TransactItems"] for action in item.values()]
        keys = [_key_of_put(action) if "Item" in action else (action["TableName"], action["Key"]) for action in actions]
        return self._writing(keys, self._client.transact_write_items, call, times=2)

    def get_item(self, **call: Any) -> Any:
        # A projection saves nothing: the whole item is read.
        stored = self._stored(call["TableName"], call["Key"])
        self._count_read(item_size(stored), call)
        return self._client.get_item(**call)

    def batch_get_item(self, **call: Any) -> Any:
        for table, request in call["RequestItems"].items():
            for key in request["Keys"]:
                self._count_read(item_size(self._stored(table, key)), request)
        return self._client.batch_get_item(**call)

    def query(self, **call: Any) -> Any:
        answer = self._client.query(**call)
        whole = {name: value for name, value in call.items() if name not in _SHAPE_OF_ANSWER}
        # Sizes are added up before they are rounded: a query's items are read as one.
        size = sum(map(item_size, self._client.query(**whole)["Items"]))
        self._count_read(size, call)
        return answer

    def _writing(self, keys: Iterable[tuple[str, Item]], operation: Any, call: Item, times: int = 1) -> Any:
        """Count a write by the larger of what was there and what is there then; one that a condition refuses, too."""
        keys = list(keys)
        before = [item_size(self._stored(table, key)) for table, key in keys]
        try:
            return operation(**call)
        finally:
            after = [item_size(self._stored(table, key)) for table, key in keys]
            units = sum(write_units(*sizes) for sizes in zip(before, after, strict=True))
            with self._counting:
                self.written += times * units

    def _count_read(self, size: int, request: dict[str, Any]) -> None:
        with self._counting:
            self.read += read_units(size, consistent=request.get("ConsistentRead", False))

    def _stored(self, table: str, key: Item) -> Item:
        found: Item = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        return found


#: Arguments of a query that change what it returns and not what it reads.
_SHAPE_OF_ANSWER = ("ProjectionExpression", "Select", "FilterExpression")


def _key_of_put(call: Item) -> tuple[str, Item]:
    return call["TableName"], {name: call["Item"][name] for name in ("pk", "sk")}
