"""Where a tenant's term statistics are kept: one item, each version written over the one before it alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from thinkaloud.state.items import ConditionRefused, pack, translated, unpack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoLexicons:
    """Lexicons in DynamoDB. `body` is bytes of at most 280 KB, of which an item takes 400."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def load(self, tenant: str, *, consistent: bool = False) -> tuple[bytes, int] | None:
        """A tenant's lexicon and its version, or None."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=pack(_key(tenant)), ConsistentRead=consistent)
        if "Item" not in answer:
            return None
        item = unpack(answer["Item"])
        return bytes(item["body"]), item["version"]

    def save(self, tenant: str, body: bytes, version: int) -> bool:
        """Store what follows `version` (0: the first); False where another one was faster."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item={**pack({**_key(tenant), "version": version + 1}), "body": {"B": body}},
                    ConditionExpression="version = :version" if version else "attribute_not_exists(pk)",
                    **({"ExpressionAttributeValues": pack({":version": version})} if version else {}),
                )
        except ConditionRefused:
            return False
        return True


class MemoryLexicons:
    """Lexicons in a dict: what the DynamoDB version must do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, tuple[bytes, int]] = {}

    def load(self, tenant: str, *, consistent: bool = False) -> tuple[bytes, int] | None:
        return self._items.get(tenant)

    def save(self, tenant: str, body: bytes, version: int) -> bool:
        with self._lock:
            if self._items.get(tenant, (b"", 0))[1] != version:
                return False
            self._items[tenant] = (body, version + 1)
            return True


def _key(tenant: str) -> dict[str, str]:
    return {"pk": f"{tenant}#LEXICON", "sk": "LEXICON"}
