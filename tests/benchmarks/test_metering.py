from __future__ import annotations

from typing import Any

import pytest

from benchmarks.metering import MeteredDynamoDB, item_size, read_units, write_units

KEY = {"pk": {"S": "demo"}, "sk": {"S": "TURN"}}


class Table:
    """As much of a DynamoDB client as a test needs."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)

    def get_item(self, **call: Any) -> dict[str, Any]:
        found = [item for item in self.items if {name: item[name] for name in call["Key"]} == call["Key"]]
        return {"Item": found[0]} if found else {}

    def put_item(self, **call: Any) -> dict[str, Any]:
        self.items.append(call["Item"])
        return {}

    def delete_item(self, **call: Any) -> dict[str, Any]:
        self.items.clear()
        return {}

    def transact_write_items(self, **call: Any) -> dict[str, Any]:
        return {}

    def update_item(self, **call: Any) -> dict[str, Any]:
        raise RuntimeError("the condition does not hold")

    def query(self, **call: Any) -> dict[str, Any]:
        return {"Items": self.items[:1] if "ProjectionExpression" in call else self.items}


def metered(*items: dict[str, Any]) -> MeteredDynamoDB:
    table: Any = Table(*items)
    return MeteredDynamoDB(table)


def item(size: int) -> dict[str, Any]:
    """An item of so many bytes."""
    return {**KEY, "text": {"S": "x" * (size - item_size(KEY) - len("text"))}}


def test_an_item_is_weighed_as_dynamodb_does() -> None:
    assert item_size({"pk": {"S": "年假"}}) == 2 + 6
    assert item_size({"n": {"N": "-123.45"}}) == 1 + 4
    assert item_size({"l": {"L": [{"S": "a"}, {"BOOL": True}]}}) == 1 + 3 + 2 + 2
    assert item_size({"m": {"M": {"k": {"NULL": True}}}}) == 1 + 3 + 1 + 1 + 1
    assert item_size({"s": {"SS": ["ab", "c"]}, "b": {"B": b"abc"}}) == 1 + 3 + 1 + 3


@pytest.mark.parametrize(("sizes", "units"), [((0, 1), 1), ((1_024,), 1), ((1_025,), 2), ((5_000, 10), 5), ((), 1)])
def test_a_write_counts_by_the_larger_item(sizes: tuple[int, ...], units: int) -> None:
    assert write_units(*sizes) == units


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4_096, 1), (4_097, 2)])
def test_an_eventually_consistent_read_is_half(size: int, units: int) -> None:
    assert read_units(size, consistent=True) == units
    assert read_units(size, consistent=False) == units / 2


def test_writes_add_up() -> None:
    client = metered()
    client.put_item(TableName="t", Item=item(2_000))
    assert client.written == 2
    client.delete_item(TableName="t", Key=KEY)
    assert client.written == 4


def test_a_refused_write_is_paid() -> None:
    client = metered(item(3_000))
    with pytest.raises(RuntimeError, match="condition"):
        client.update_item(TableName="t", Key=KEY)
    assert client.written == 3


def test_a_transaction_is_paid_twice() -> None:
    client = metered(item(1_500))
    client.transact_write_items(
        TransactItems=[{"Update": {"TableName": "t", "Key": KEY}}, {"Put": {"TableName": "t", "Item": KEY}}]
    )
    assert client.written == 2 * (2 + 2)


def test_a_query_is_rounded_once_and_pays_for_what_it_leaves_out() -> None:
    client = metered(item(3_000), item(3_000))
    client.query(TableName="t", ProjectionExpression="pk")
    assert client.read == 1.0


def test_an_operation_without_a_price_fails() -> None:
    with pytest.raises(AttributeError):
        metered().scan(TableName="t")  # type: ignore[attr-defined]
