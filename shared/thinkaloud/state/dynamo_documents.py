"""`DocumentStore` in DynamoDB: an item a document, all of a tenant's under one key, in order of their ids."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from thinkaloud.errors import DocumentBusy, LeaseLost, UnknownDocument
from thinkaloud.state.documents import OPEN, Announced, Claim, DocumentKey, Failure, StoredDocument, refused
from thinkaloud.state.items import (
    ConditionRefused,
    document_key,
    document_prefix,
    documents_key,
    pack,
    translated,
    unpack,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FREE = "(attribute_not_exists(lease_until) OR lease_until < :now)"
# These are words of DynamoDB's own.
_NAMES = {"#status": "status", "#name": "name", "#bytes": "bytes", "#user": "user"}
_ANNOUNCE = (
    "SET version = if_not_exists(version, :zero) + :one, #status = :status, #name = :name, #bytes = :bytes,"
    " media = :media, metadata = :metadata, #user = :user, upload_until = :until, updated_at = :now,"
    " created_at = if_not_exists(created_at, :now), done = :zero, attempts = :zero"
    " REMOVE failure"
)


class DynamoDocuments:
    """The register in the one table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def announce(self, key: DocumentKey, announced: Announced, now: float, *, known: bool = False) -> StoredDocument:
        condition = "attribute_not_exists(#status) OR #status <> :deleting"
        try:
            return self._update(
                key,
                _ANNOUNCE,
                f"attribute_exists(pk) AND ({condition})" if known else condition,
                {
                    "status": "waiting",
                    "deleting": "deleting",
                    "name": announced.name,
                    "bytes": announced.bytes,
                    "media": announced.media,
                    "metadata": json.dumps(dict(announced.metadata), ensure_ascii=False),
                    "user": announced.user,
                    "until": announced.upload_until,
                    "now": now,
                    "zero": 0,
                    "one": 1,
                },
            )
        except ConditionRefused as error:
            raise (DocumentBusy(announced.name) if error.item else UnknownDocument(key.document)) from None

    def get(self, key: DocumentKey) -> StoredDocument | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=pack(document_key(key)), ConsistentRead=True)
        return _document(key.tenant, unpack(answer["Item"])) if "Item" in answer else None

    def page(self, tenant: str, limit: int, after: str = "") -> list[StoredDocument]:
        start: Any = {"ExclusiveStartKey": pack(document_key(DocumentKey(tenant, after)))} if after else {}
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues=pack({":pk": documents_key(tenant), ":prefix": document_prefix()}),
                Limit=limit,
                ConsistentRead=True,
                **start,
            )
        return [_document(tenant, unpack(item)) for item in answer["Items"]]

    def remove(self, key: DocumentKey, now: float) -> StoredDocument:
        values = {"deleting": "deleting", "now": now, "zero": 0}
        forget = "#status = :deleting, updated_at = :now, attempts = :zero REMOVE failure"
        try:
            return self._update(
                key,
                f"SET version = version + :one, {forget}",
                "attribute_exists(pk) AND #status <> :deleting",
                {**values, "one": 1},
            )
        except ConditionRefused as error:
            if not error.item:
                raise UnknownDocument(key.document) from None
        try:
            return self._update(key, f"SET {forget}", "#status = :deleting", values)
        except ConditionRefused:  # it is gone by now
            raise UnknownDocument(key.document) from None

    def claim(self, key: DocumentKey, version: int, now: float, lease: float, *, removing: bool = False) -> Claim:
        wanted = ("deleting",) if removing else OPEN
        statuses = {f"status{number}": status for number, status in enumerate(wanted)}
        try:
            taken = self._update(
                key,
                "SET #status = :status, updated_at = :now, lease_until = :until, done = :zero,"
                " fence = if_not_exists(fence, :zero) + :one, attempts = attempts + :one",
                f"version = :version AND #status IN ({', '.join(f':{name}' for name in statuses)}) AND {_FREE}",
                {
                    **statuses,
                    "status": "deleting" if removing else "reading",
                    "version": version,
                    "now": now,
                    "until": now + lease,
                    "zero": 0,
                    "one": 1,
                },
            )
        except ConditionRefused as error:
            found = _document(key.tenant, error.item) if error.item else None
            return refused(found, version, removing=removing)
        return Claim("taken", taken)

    def renew(self, claimed: StoredDocument, now: float, lease: float, done: int) -> None:
        values = {"now": now, "until": now + lease, "done": done}
        self._change(claimed, "SET updated_at = :now, lease_until = :until, done = :done", values)

    def finish(self, claimed: StoredDocument, now: float, chunks: int) -> None:
        self._change(
            claimed,
            "SET #status = :next, updated_at = :now, chunks = :chunks, done = :chunks REMOVE lease_until, failure",
            {"next": "ready", "now": now, "chunks": chunks},
        )

    def fail(self, claimed: StoredDocument, now: float, failure: Failure) -> None:
        self._change(
            claimed,
            "SET #status = :next, updated_at = :now, failure = :failure REMOVE lease_until",
            {"next": "failed", "now": now, "failure": {"code": failure.code, "message": failure.message}},
        )

    def put_back(self, claimed: StoredDocument, now: float) -> None:
        status = "deleting" if claimed.status == "deleting" else "queued"
        self._change(claimed, "SET #status = :next, updated_at = :now REMOVE lease_until", {"next": status, "now": now})

    def forget(self, claimed: StoredDocument) -> None:
        try:
            with translated():
                self._client.delete_item(
                    TableName=self._table,
                    Key=pack(document_key(claimed.key)),
                    ConditionExpression="fence = :fence AND version = :version",
                    ExpressionAttributeValues=pack({":fence": claimed.fence, ":version": claimed.version}),
                )
        except ConditionRefused:
            raise _lost(claimed) from None

    def let_go(self, claimed: StoredDocument) -> None:
        with suppress(ConditionRefused):
            self._update(claimed.key, "REMOVE lease_until", "fence = :fence", {"fence": claimed.fence})

    def _change(self, claimed: StoredDocument, expression: str, values: dict[str, Any]) -> None:
        """A write of whoever has the claim.

        Raises:
            LeaseLost: somebody else has, or there is a newer version.
        """
        held = {"fence": claimed.fence, "version": claimed.version, "status": claimed.status}
        condition = "fence = :fence AND version = :version AND #status = :status"
        try:
            self._update(claimed.key, expression, condition, {**values, **held})
        except ConditionRefused:
            raise _lost(claimed) from None

    def _update(self, key: DocumentKey, expression: str, condition: str, values: dict[str, Any]) -> StoredDocument:
        """A conditional write; the document as it then is."""
        names = {name: word for name, word in _NAMES.items() if name in expression + condition}
        only: Any = {"ExpressionAttributeNames": names} if names else {}
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key=pack(document_key(key)),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=pack({f":{name}": value for name, value in values.items()}),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **only,
            )
        return _document(key.tenant, unpack(answer["Attributes"]))


def _lost(claimed: StoredDocument) -> LeaseLost:
    return LeaseLost(f"document {claimed.key.document}, version {claimed.version}")


def _document(tenant: str, item: dict[str, Any]) -> StoredDocument:
    return StoredDocument(
        key=DocumentKey(tenant, item["sk"].removeprefix(document_prefix())),
        announced=Announced(
            name=item["name"],
            media=item["media"],
            bytes=item["bytes"],
            user=item["user"],
            upload_until=item["upload_until"],
            metadata=json.loads(item["metadata"]),
        ),
        version=item["version"],
        status=item["status"],
        created_at=item["created_at"],
        updated_at=item["updated_at"],
        chunks=item.get("chunks", 0),
        done=item.get("done", 0),
        failure=Failure(**item["failure"]) if "failure" in item else None,
        fence=item.get("fence", 0),
        attempts=item.get("attempts", 0),
        lease_until=item.get("lease_until", 0.0),
    )
