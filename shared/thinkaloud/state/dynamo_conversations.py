"""`ConversationStore` in DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thinkaloud.errors import LeaseLost, NotYours, SessionBusy, StorageThrottled
from thinkaloud.state.items import (
    ConditionRefused,
    pack,
    session_key,
    squeeze,
    translated,
    turn_key,
    unpack,
    unsqueeze,
)
from thinkaloud.state.records import BLOCK, LEASE, SKEW, Exchange, Outcome, Question, Session, Turn, TurnKey
from thinkaloud.state.stores import MOST_QUEUED, RECENT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

#: Turns that a session may remember beyond `RECENT` until they are dropped together.
_TOO_MANY = 5
_MINE = "epoch = :epoch AND #state = :running"


class DynamoConversations:
    """Sessions and turns, each an item; every change is one conditional write."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def session(self, tenant: str, session: str) -> Session | None:
        item = self._read(session_key(tenant, session))
        if not item:
            return None
        queue, recent = tuple(item.get("queue", ())), tuple(item.get("recent", ())[-RECENT:])
        return Session(item["user"], item.get("active"), queue, recent, item.get("since", 0.0))

    def activate(self, key: TurnKey, user: str, now: float, instead_of: str | None = None) -> bool:
        try:
            with translated():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=pack(session_key(key.tenant, key.session)),
                    UpdateExpression="SET #user = :user, active = :turn, since = :now, "
                    "created_at = if_not_exists(created_at, :now)",
                    ConditionExpression="attribute_not_exists(pk) OR (#user = :user AND "
                    "(attribute_not_exists(active) OR active IN (:turn, :instead)))",
                    ExpressionAttributeNames={"#user": "user"},
                    ExpressionAttributeValues=pack(
                        {":user": user, ":turn": key.turn, ":instead": instead_of or key.turn, ":now": now}
                    ),
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionRefused as refusal:
            if refusal.item["user"] != user:
                raise NotYours(key.session) from None
            raise SessionBusy(refusal.item["active"]) from None
        return unpack(answer.get("Attributes", {})).get("active") == key.turn

    def enqueue(self, key: TurnKey, behind: str) -> bool:
        try:
            self._update_session(
                key,
                "SET queue = list_append(if_not_exists(queue, :none), :turns)",
                "active = :behind AND (attribute_not_exists(queue) OR "
                "(NOT contains(queue, :turn) AND size(queue) < :most))",
                {":none": [], ":turns": [key.turn], ":turn": key.turn, ":behind": behind, ":most": MOST_QUEUED},
            )
        except ConditionRefused as refusal:
            if refusal.item.get("active") != behind:
                return False
            if key.turn not in refusal.item["queue"]:
                raise SessionBusy(behind) from None
        return True

    def release(self, key: TurnKey) -> None:
        with suppress(ConditionRefused):
            self._update_session(key, "REMOVE active, since", "active = :turn", {":turn": key.turn})

    def create(self, question: Question, connection: str) -> bool:
        item = {
            **turn_key(question.key),
            "state": "pending",
            "user": question.user,
            "connection": connection,
            "message": question.message,
            "question": question.text,
            "locale": question.locale,
            "asked_at": question.asked_at,
            "trace": question.trace,
            # As text: JSON's numbers are wider than DynamoDB's 38 digits, and nobody searches in it.
            "metadata": json.dumps(question.metadata, ensure_ascii=False),
        }
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table, Item=pack(item), ConditionExpression="attribute_not_exists(pk)"
                )
        except ConditionRefused:
            return False
        return True

    def get(self, key: TurnKey) -> Turn | None:
        item = self._read(turn_key(key))
        return _turn(key, item) if item else None

    def claim(self, key: TurnKey, now: float, lease: float = LEASE) -> Turn | None:
        try:
            item = self._update_turn(
                key,
                "SET #state = :running, lease_until = :until, reserved = if_not_exists(reserved, :zero) + :block "
                "ADD epoch :one",
                "#state = :pending OR (#state = :running AND lease_until < :now)",
                {
                    ":running": "running",
                    ":pending": "pending",
                    ":until": now + lease,
                    ":now": now - SKEW,
                    ":zero": 0,
                    ":block": BLOCK,
                    ":one": 1,
                },
            )
        except ConditionRefused:
            return None
        return _turn(key, item)

    def renew(self, key: TurnKey, epoch: int, now: float, reserved: int, lease: float = LEASE) -> None:
        try:
            self._update_turn(
                key,
                "SET lease_until = :until, reserved = :reserved",
                _MINE,
                {":until": now + lease, ":reserved": reserved, ":epoch": epoch, ":running": "running"},
            )
        except ConditionRefused:
            raise LeaseLost(f"epoch {epoch} does not hold turn {key.turn} any more") from None

    def finish(self, key: TurnKey, epoch: int, outcome: Outcome) -> None:
        try:
            self._update_turn(
                key,
                "SET #state = :state, outcome = :outcome REMOVE lease_until",
                _MINE,
                {":state": outcome.state, ":epoch": epoch, ":running": "running"},
                {":outcome": _squeezed(outcome)},
            )
        except ConditionRefused as refusal:
            if refusal.item.get("epoch") == epoch:
                return  # it stands there already: botocore asked again after a reply was lost
            raise LeaseLost(f"epoch {epoch} does not hold turn {key.turn} any more") from None

    def free(self, key: TurnKey, now: float) -> str | None:
        with suppress(ConditionRefused):
            # The usual end, without a read: nobody waits. The few turns too many are dropped by the next that reads.
            self._update_session(
                key,
                "SET recent = list_append(if_not_exists(recent, :none), :turns) REMOVE active, since",
                "active = :turn AND (attribute_not_exists(queue) OR size(queue) = :zero) "
                "AND (attribute_not_exists(recent) OR size(recent) < :most)",
                {":turn": key.turn, ":turns": [key.turn], ":none": [], ":zero": 0, ":most": RECENT + _TOO_MANY},
            )
            return None
        while True:
            session = self.session(key.tenant, key.session)
            if session is None or session.active != key.turn:
                return None
            upcoming = session.queue[0] if session.queue else None
            values: dict[str, Any] = {":recent": [*session.recent, key.turn][-RECENT:], ":turn": key.turn}
            try:
                if upcoming is None:
                    self._update_session(
                        key,
                        "SET recent = :recent REMOVE active, since",
                        "active = :turn AND (attribute_not_exists(queue) OR size(queue) = :zero)",
                        {**values, ":zero": 0},
                    )
                elif upcoming == key.turn:  # it waited once, and was asked again when its session was idle
                    self._update_session(key, "REMOVE queue[0]", "queue[0] = :turn", {":turn": key.turn})
                    continue
                else:
                    self._update_session(
                        key,
                        "SET recent = :recent, active = :next, since = :now REMOVE queue[0]",
                        "active = :turn AND queue[0] = :next",
                        {**values, ":next": upcoming, ":now": now},
                    )
            except ConditionRefused:
                continue  # somebody joined the queue just now
            return upcoming

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
            "Keys": [pack(turn_key(key)) for key in keys],
            "ConsistentRead": consistent,
            "ProjectionExpression": "sk, question, outcome.answer",
        }
        with translated():
            answer = self._client.batch_get_item(RequestItems={self._table: request})
        if answer.get("UnprocessedKeys"):
            raise StorageThrottled("DynamoDB left keys of a batch unread")
        found = {item["sk"]: item for item in map(unpack, answer["Responses"].get(self._table, []))}
        return [found.get(turn_key(key)["sk"], {}) for key in keys]

    def _update_session(self, key: TurnKey, update: str, condition: str, values: dict[str, Any]) -> None:
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=pack(session_key(key.tenant, key.session)),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=pack(values),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

    def _update_turn(
        self, key: TurnKey, update: str, condition: str, values: dict[str, Any], packed: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key=pack(turn_key(key)),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={**pack(values), **(packed or {})},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        return unpack(answer["Attributes"])

    def _read(self, key: dict[str, str]) -> dict[str, Any]:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=pack(key), ConsistentRead=True)
        return unpack(answer.get("Item", {}))


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
    return Turn(
        question=question,
        connection=item["connection"],
        state=item["state"],
        epoch=item.get("epoch", 0),
        lease_until=item.get("lease_until", 0.0),
        reserved=item.get("reserved", 0),
        outcome=_outcome(item["outcome"]) if "outcome" in item else None,
    )


def _squeezed(outcome: Outcome) -> Any:
    """The answer as it is, since memory reads it alone, and all else as one compressed text."""
    rest = asdict(outcome)
    answer = rest.pop("answer")
    return {"M": {**pack({"answer": answer}), "rest": squeeze(json.dumps(rest, ensure_ascii=False))}}


def _outcome(stored: dict[str, Any]) -> Outcome:
    return Outcome(answer=stored["answer"], **json.loads(unsqueeze(stored["rest"])))
