"""DynamoDB's items: keys, values and errors, as all the stores share them.

    pk                          sk                            what
    CONNECTION#{id}             CONNECTION                    an open socket, with a time to live
    {tenant}#USER#{user}        CONNECTIONS                   the seats a user has taken, with a time to live
    {tenant}#LEXICON            LEXICON                       in how many passages each term stands, compressed
    {tenant}#SESSION#{session}  SESSION                       owner, active turn, queue, ids of the last ended turns
    {tenant}#SESSION#{session}  TURN#{turn}                   question, state, lease, and at the end the outcome
    {tenant}#SESSION#{session}  JOURNAL#{turn}#{epoch}#{seq}  a segment of what was sent, with a time to live
    {tenant}#SESSION#{session}  CONTROL#{turn}                word to the turn's worker, with a time to live
    {tenant}#SESSION#{session}  AUDIT#{turn}                  why it was answered as it was, with a time to live
    {tenant}#DOCUMENTS          DOCUMENT#{id}                 a document: what it is, and how far it is read

Session keys begin with the tenant, so that a policy on leading keys can fence a tenant off.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from thinkaloud.errors import StorageError, StorageThrottled
from thinkaloud.state.documents import DocumentKey
from thinkaloud.state.records import TurnKey

#: Three tries within about a second; a person is waiting.
CLIENT_CONFIG = Config(connect_timeout=1.0, read_timeout=2.0, retries={"mode": "standard", "total_max_attempts": 3})
_THROTTLED = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
_REFUSED = "ConditionalCheckFailedException"

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize


class ConditionRefused(Exception):
    """A conditional write did not apply. `item` is what stands there, where it was asked for."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item


@contextmanager
def translated() -> Iterator[None]:
    """botocore's errors -> ours."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == _REFUSED:
            raise ConditionRefused(unpack(error.response.get("Item", {}))) from None
        kind = StorageThrottled if code in _THROTTLED else StorageError
        raise kind(f"DynamoDB answered {code}") from error
    except BotoCoreError as error:
        raise StorageError(f"DynamoDB cannot be reached: {type(error).__name__}") from error


def session_key(tenant: str, session: str) -> dict[str, str]:
    """Where a session is."""
    return {"pk": f"{tenant}#SESSION#{session}", "sk": "SESSION"}


def turn_key(key: TurnKey) -> dict[str, str]:
    """Where a turn is."""
    return _of(key, f"TURN#{key.turn}")


def control_key(key: TurnKey) -> dict[str, str]:
    """Where the word to a turn's worker is."""
    return _of(key, f"CONTROL#{key.turn}")


def audit_key(key: TurnKey) -> dict[str, str]:
    """Where a turn's audit is."""
    return _of(key, f"AUDIT#{key.turn}")


def documents_key(tenant: str) -> str:
    """The partition of a tenant's documents."""
    return f"{tenant}#DOCUMENTS"


def document_key(key: DocumentKey) -> dict[str, str]:
    """Where a document is."""
    return {"pk": documents_key(key.tenant), "sk": f"{document_prefix()}{key.document}"}


def document_prefix() -> str:
    """What the sort keys of documents begin with."""
    return "DOCUMENT#"


def journal_key(key: TurnKey, epoch: int, first: int) -> dict[str, str]:
    """Where a segment is."""
    return _of(key, f"{journal_prefix(key)}{epoch:03}#{first:016}")


def journal_prefix(key: TurnKey) -> str:
    """What the sort keys of a turn's segments begin with."""
    return f"JOURNAL#{key.turn}#"


def _of(key: TurnKey, sort: str) -> dict[str, str]:
    return {"pk": f"{key.tenant}#SESSION#{key.session}", "sk": sort}


def pack(item: dict[str, Any]) -> Any:
    """Plain values -> DynamoDB's. Floats become decimals through their shortest text; None is left out."""
    plain = json.loads(json.dumps(item), parse_float=Decimal)
    return {name: _serialise(value) for name, value in plain.items() if value is not None}


def squeeze(text: str) -> Any:
    """Text as a compressed value: units are counted by the KB, and sources take half as many this way."""
    return {"B": zlib.compress(text.encode())}


def unsqueeze(value: Any) -> str:
    """What was squeezed, after `unpack`.

    Raises:
        ValueError: it is something else, or broken.
    """
    try:
        return zlib.decompress(bytes(value)).decode()
    except (zlib.error, TypeError) as error:
        raise ValueError(f"not a compressed text: {error}") from error


def unpack(item: Any) -> dict[str, Any]:
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
