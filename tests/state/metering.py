"""DynamoDB's bill for what a store does, in capacity units.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def item_size(item: dict[str, Any]) -> int:
    """Bytes of an item in DynamoDB's notation: names and values, 3 for a list or map and 1 for each thing in it."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.lstrip("-").replace(".", "")) / 2) + 1
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in content.items())
        case "SS":
            return sum(len(each.encode()) for each in content)
        case _:
            return 1


class MeteredDynamoDB:
    """Passes calls on to a client, and adds up the units they use: of 1 KB written, of 4 KB read consistently."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.written = 0
        self.read = 0.0
        self._client: Any = client

    def put_item(self, **call: Any) -> Any:
        key = {name: call["Item"][name] for name in ("pk", "sk")}
        return self._writing(call["TableName"], key, self._client.put_item, call)

    def update_item(self, **call: Any) -> Any:
        return self._writing(call["TableName"], call["Key"], self._client.update_item, call)

    def get_item(self, **call: Any) -> Any:
        answer = self._client.get_item(**call)
        self.read += self._read_units(answer.get("Item", {}), call.get("ConsistentRead", False))
        return answer

    def batch_get_item(self, **call: Any) -> Any:
        for table, request in call["RequestItems"].items():
            for key in request["Keys"]:
                # A projection saves nothing: the whole item is read.
                self.read += self._read_units(self._stored(table, key), request.get("ConsistentRead", False))
        return self._client.batch_get_item(**call)

    def _writing(self, table: str, key: dict[str, Any], operation: Any, call: dict[str, Any]) -> Any:
        """A write costs by the larger of what was there and what is there then."""
        before = item_size(self._stored(table, key))
        answer = operation(**call)
        after = item_size(self._stored(table, key))
        self.written += max(1, math.ceil(max(before, after) / 1_024))
        return answer

    def _stored(self, table: str, key: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get_item(TableName=table, Key=key).get("Item", {})
        return found

    @staticmethod
    def _read_units(item: dict[str, Any], consistent: bool) -> float:
        return max(1, math.ceil(item_size(item) / 4_096)) * (1.0 if consistent else 0.5)
