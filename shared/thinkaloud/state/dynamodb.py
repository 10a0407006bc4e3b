"""The stores in the one DynamoDB table.

    pk                          sk                what
    CONNECTION#{id}             CONNECTION        an open socket, with a time to live
    {tenant}#SESSION#{session}  SESSION           owner, active turn, ids of the last ended turns
    {tenant}#SESSION#{session}  TURN#{turn}       question, state, and at the end answer, sources, usage, timings
    {tenant}#SESSION#{session}  CONTROL#{turn}    word to the turn's worker, with a time to live

Session keys begin with the tenant, so that a policy on leading keys can fence a tenant off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from thinkaloud.errors import NotYours, SessionBusy, StorageError, StorageThrottled
from thinkaloud.state.records import Activation, Connection, Exchange, Outcome, Question, Turn, TurnKey
from thinkaloud.state.stores import RECENT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

#: Three tries within about a second; a person is waiting.
CLIENT_CONFIG = Config(connect_timeout=1.0, read_timeout=2.0, retries={"mode": "standard", "total_max_attempts": 3})
#: Seconds a control item is kept: longer than any turn may run.
CONTROL_LIFETIME = 3_600
_THROTTLED = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
_REFUSED = "ConditionalCheckFailedException"

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize


class DynamoConnections:
    """`ConnectionStore` in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, connection: Connection) -> None:
        item = {
            **_connection_key(connection.id),
            "tenant": connection.principal.tenant,
            "user": connection.principal.user,
            "token_expires": connection.principal.expires,
            "connected_at": connection.connected_at,
            "expires_at": connection.expires_at,
        }
        with _translated():
            self._client.put_item(TableName=self._table, Item=_pack(item))

    def delete(self, connection: str) -> None:
        with _translated():
            self._client.delete_item(TableName=self._table, Key=_pack(_connection_key(connection)))


class DynamoConversations:
    """`ConversationStore` in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def activate(self, key: TurnKey, user: str, now: float, until: float) -> Activation:
        try:
            with _translated():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_pack(_session_key(key)),
                    UpdateExpression="SET #user = :user, active = :turn, active_until = :until, "
                    "created_at = if_not_exists(created_at, :now)",
                    ConditionExpression="attribute_not_exists(pk) OR (#user = :user AND "
                    "(attribute_not_exists(active) OR active = :turn OR active_until <= :now))",
                    ExpressionAttributeNames={"#user": "user"},
                    ExpressionAttributeValues=_pack(
                        {":user": user, ":turn": key.turn, ":until": until, ":now": now},
                    ),
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except _ConditionRefused as refusal:
            if refusal.item["user"] != user:
                raise NotYours(key.session) from None
            raise SessionBusy(refusal.item["active"]) from None
        before = _unpack(answer.get("Attributes", {}))
        return Activation(tuple(before.get("recent", ())), again=before.get("active") == key.turn)

    def renew(self, key: TurnKey, until: float) -> None:
        self._update_active(key, "SET active_until = :until", {":until": until})

    def release(self, key: TurnKey) -> None:
        self._update_active(key, "REMOVE active, active_until", {})

    def create(self, question: Question) -> bool:
        item = {
            **_turn_key(question.key),
            "state": "pending",
            "user": question.user,
            "message": question.message,
            "question": question.text,
            "locale": question.locale,
            "asked_at": question.asked_at,
            "trace": question.trace,
            # As text: JSON's numbers are wider than DynamoDB's 38 digits, and nobody searches in it.
            "metadata": json.dumps(question.metadata, ensure_ascii=False),
        }
        try:
            with _translated():
                self._client.put_item(
                    TableName=self._table, Item=_pack(item), ConditionExpression="attribute_not_exists(pk)"
                )
        except _ConditionRefused:
            return False
        return True

    def get(self, key: TurnKey) -> Turn | None:
        item = self._read(_turn_key(key))
        return _turn(key, item) if item else None

    def claim(self, key: TurnKey) -> bool:
        try:
            with _translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_pack(_turn_key(key)),
                    UpdateExpression="SET #state = :running",
                    ConditionExpression="#state = :pending",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues=_pack({":running": "running", ":pending": "pending"}),
                )
        except _ConditionRefused:
            return False
        return True

    def finish(self, key: TurnKey, outcome: Outcome, recent: Sequence[str]) -> None:
        # The turn first: a session that stays busy for a while is a lesser evil than an answer that is lost.
        with _translated():
            self._client.update_item(
                TableName=self._table,
                Key=_pack(_turn_key(key)),
                UpdateExpression="SET #state = :state, outcome = :outcome",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=_pack({":state": outcome.state, ":outcome": asdict(outcome)}),
            )
        self._update_active(
            key, "SET recent = :recent REMOVE active, active_until", {":recent": [*recent, key.turn][-RECENT:]}
        )

    def exchanges(self, tenant: str, session: str, turns: Sequence[str]) -> list[Exchange]:
        keys = [TurnKey(tenant, session, turn) for turn in turns]
        # Only the last turn may have ended a moment ago, so it alone is worth the double price of a consistent read.
        items = [*self._batch(keys[:-1], consistent=False), *self._batch(keys[-1:], consistent=True)]
        return [
            Exchange(item["question"], item["outcome"]["answer"])
            for item in items
            if item.get("outcome", {}).get("answer")
        ]

    def _batch(self, keys: Sequence[TurnKey], *, consistent: bool) -> list[dict[str, Any]]:
        """What `exchanges` needs of turns, in their order; an empty dict for one that does not exist."""
        if not keys:
            return []
        request: KeysAndAttributesTypeDef = {
            "Keys": [_pack(_turn_key(key)) for key in keys],
            "ConsistentRead": consistent,
            "ProjectionExpression": "sk, question, outcome.answer",
        }
        with _translated():
            answer = self._client.batch_get_item(RequestItems={self._table: request})
        if answer.get("UnprocessedKeys"):
            raise StorageThrottled("DynamoDB left keys of a batch unread")
        found = {item["sk"]: item for item in map(_unpack, answer["Responses"].get(self._table, []))}
        return [found.get(_turn_key(key)["sk"], {}) for key in keys]

    def request_stop(self, key: TurnKey, user: str, now: float) -> None:
        session = self._read(_session_key(key))
        if session and session["user"] != user:
            raise NotYours(key.session)
        with _translated():
            # A set, since before the session exists anyone may have asked: nobody's word replaces the owner's.
            self._client.update_item(
                TableName=self._table,
                Key=_pack(_control_key(key)),
                UpdateExpression="SET expires_at = :expires ADD stopped_by :user",
                ExpressionAttributeValues={
                    ":expires": {"N": str(int(now) + CONTROL_LIFETIME)},
                    ":user": {"SS": [user]},
                },
            )

    def stop_requested(self, key: TurnKey, user: str) -> bool:
        # Looked at twice a second: not consistent, since a look that comes a moment too early is followed by another.
        return user in self._read(_control_key(key), consistent=False).get("stopped_by", ())

    def _update_active(self, key: TurnKey, expression: str, values: dict[str, Any]) -> None:
        """Update the session while the turn is its active one; once another turn has it, do nothing."""
        try:
            with _translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_pack(_session_key(key)),
                    UpdateExpression=expression,
                    ConditionExpression="active = :turn",
                    ExpressionAttributeValues=_pack({**values, ":turn": key.turn}),
                )
        except _ConditionRefused:
            pass

    def _read(self, key: dict[str, str], *, consistent: bool = True) -> dict[str, Any]:
        with _translated():
            answer = self._client.get_item(TableName=self._table, Key=_pack(key), ConsistentRead=consistent)
        return _unpack(answer.get("Item", {}))


class _ConditionRefused(Exception):
    """A conditional write did not apply. `item` is what stands there, where it was asked for."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item


@contextmanager
def _translated() -> Iterator[None]:
    """botocore's errors -> ours."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == _REFUSED:
            raise _ConditionRefused(_unpack(error.response.get("Item", {}))) from None
        kind = StorageThrottled if code in _THROTTLED else StorageError
        raise kind(f"DynamoDB answered {code}") from error
    except BotoCoreError as error:
        raise StorageError(f"DynamoDB cannot be reached: {type(error).__name__}") from error


def _connection_key(connection: str) -> dict[str, str]:
    return {"pk": f"CONNECTION#{connection}", "sk": "CONNECTION"}


def _session_key(key: TurnKey) -> dict[str, str]:
    return {"pk": f"{key.tenant}#SESSION#{key.session}", "sk": "SESSION"}


def _turn_key(key: TurnKey) -> dict[str, str]:
    return {"pk": f"{key.tenant}#SESSION#{key.session}", "sk": f"TURN#{key.turn}"}


def _control_key(key: TurnKey) -> dict[str, str]:
    return {"pk": f"{key.tenant}#SESSION#{key.session}", "sk": f"CONTROL#{key.turn}"}


def _turn(key: TurnKey, item: dict[str, Any]) -> Turn:
    question = Question(
        key=key,
        user=item["user"],
        message=item["message"],
        text=item["question"],
        locale=item.get("locale"),
        asked_at=item["asked_at"],
        trace=item["trace"],
        metadata=json.loads(item["metadata"]),
    )
    outcome = item.get("outcome")
    return Turn(question, item["state"], Outcome(**outcome) if outcome else None)


def _pack(item: dict[str, Any]) -> Any:
    """Plain values -> DynamoDB's. Floats become decimals through their shortest text; None is left out."""
    plain = json.loads(json.dumps(item), parse_float=Decimal)
    return {name: _serialise(value) for name, value in plain.items() if value is not None}


def _unpack(item: Any) -> dict[str, Any]:
    """DynamoDB's values -> plain ones."""
    return {name: _plain(_deserialise(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
