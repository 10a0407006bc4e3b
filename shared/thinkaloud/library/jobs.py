"""The queue's messages: an upload arrived, as S3 tells it; a document is to be removed, as the API does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from thinkaloud.errors import DispatchFailed
from thinkaloud.state.documents import DocumentKey

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: The longest that SQS lets a message wait.
MOST_SECONDS = 43_200


class BadJob(ValueError):
    """A message that is neither of S3 nor of the API."""


@dataclass(frozen=True)
class Arrival:
    """An object was created in a bucket. Nothing in it is trusted before it is held against the register."""

    bucket: str
    object: str
    bytes: int


@dataclass(frozen=True)
class Removal:
    """A document is to be removed, if `version` still is the one that is being deleted."""

    key: DocumentKey
    version: int


class Jobs(Protocol):
    """The queue."""

    def send(self, removal: Removal) -> None:
        """Queue a removal.

        Raises:
            DispatchFailed: SQS did not take it.
        """

    def hold(self, receipt: str, seconds: float) -> None:
        """Have a message that is worked on show up again after so many seconds, unless it is done by then.

        Raises:
            DispatchFailed: SQS did not take it, or the message is not ours any more.
        """


@dataclass
class MemoryJobs:
    """`Jobs` in a list."""

    sent: list[Removal] = field(default_factory=list)
    held: list[tuple[str, float]] = field(default_factory=list)

    def send(self, removal: Removal) -> None:
        self.sent.append(removal)

    def hold(self, receipt: str, seconds: float) -> None:
        self.held.append((receipt, seconds))


class SqsJobs:
    """`Jobs` in SQS."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, removal: Removal) -> None:
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=removal_message(removal))
        except (BotoCoreError, ClientError) as error:
            raise DispatchFailed(f"SQS did not take a removal: {error}") from error

    def hold(self, receipt: str, seconds: float) -> None:
        whole = min(max(round(seconds), 0), MOST_SECONDS)
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt, VisibilityTimeout=whole
            )
        except (BotoCoreError, ClientError) as error:
            raise DispatchFailed(f"SQS did not hold a message: {error}") from error


def removal_message(removal: Removal) -> str:
    """A removal as a message's body."""
    return json.dumps(
        {"remove": {"tenant": removal.key.tenant, "document": removal.key.document, "version": removal.version}}
    )


def read_message(body: str) -> list[Arrival | Removal]:
    """The jobs of a message; none in the one by which S3 tries a queue out.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

    Raises:
        BadJob: it is something else.
    """
    try:
        said = json.loads(body)
        if said.get("Event") == "s3:TestEvent":
            return []
        if "remove" in said:
            removed = said["remove"]
            return [Removal(DocumentKey(str(removed["tenant"]), str(removed["document"])), int(removed["version"]))]
        return [_arrival(record) for record in said["Records"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadJob(f"neither a notification of S3 nor a removal: {type(error).__name__}") from None


def _arrival(record: dict[str, Any]) -> Arrival:
    told = record["s3"]
    # S3 writes keys as a form's field is written.
    return Arrival(
        str(told["bucket"]["name"]), unquote_plus(str(told["object"]["key"])), int(told["object"].get("size", 0))
    )
