"""`AuditStore` in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thinkaloud.state.audit import Audit
from thinkaloud.state.items import audit_key, pack, squeeze, translated, unpack, unsqueeze
from thinkaloud.state.records import TurnKey
from thinkaloud.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY = 86_400


class DynamoAudits:
    """Audits, each one compressed item of about a kilobyte, beside its turn, with a time to live of `days`."""

    def __init__(self, client: DynamoDBClient, table: str, days: int) -> None:
        self._client = client
        self._table = table
        self._days = days

    def write(self, key: TurnKey, audit: Audit, now: float) -> None:
        row = pack({**audit_key(key), "expires_at": int(now) + self._days * _DAY})
        with translated():
            self._client.put_item(TableName=self._table, Item={**row, "audit": squeeze(audit.to_json())})

    def read(self, key: TurnKey) -> Audit | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=pack(audit_key(key)))
        if "Item" not in answer:
            return None
        try:
            return Audit.from_json(unsqueeze(unpack(answer["Item"]).get("audit")))
        except ValueError:
            logger().error("an audit cannot be read", extra={"turn": key.turn})
            return None
