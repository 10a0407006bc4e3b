"""SQS over HTTP, for the few calls that a mapping makes: unlike boto3's, a call that waits can be given up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.template.translate import REGION

LONGEST_WAIT_S = 20
MOST_MESSAGES = 10
"""Of one call. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""


class QueueUnavailable(Exception):
    """SQS refused a call, or does not answer. `str()` is one line."""


class Sqs:
    """The SQS at `url`; `credentials` are the variables that AWS clients sign with."""

    def __init__(self, session: aiohttp.ClientSession, url: str, credentials: Mapping[str, str]) -> None:
        self._session = session
        self._url = url
        self._credentials = Credentials(
            credentials["AWS_ACCESS_KEY_ID"],
            credentials["AWS_SECRET_ACCESS_KEY"],
            credentials.get("AWS_SESSION_TOKEN"),
        )

    async def queue_url(self, arn: str) -> str:
        """The URL of the queue with this ARN."""
        return str((await self._call("GetQueueUrl", {"QueueName": arn.rpartition(":")[2]}))["QueueUrl"])

    async def receive(self, queue: str, most: int, wait_s: float) -> list[dict[str, Any]]:
        """At most `most` messages, as soon as there are any; none after `wait_s` seconds."""
        asked = {
            "QueueUrl": queue,
            "MaxNumberOfMessages": min(most, MOST_MESSAGES),
            "WaitTimeSeconds": min(int(wait_s), LONGEST_WAIT_S),
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        messages: list[dict[str, Any]] = (await self._call("ReceiveMessage", asked)).get("Messages") or []
        return messages

    async def delete(self, queue: str, messages: Sequence[Mapping[str, Any]]) -> None:
        """Delete messages that were received."""
        for message in messages:
            await self._call("DeleteMessage", {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]})

    async def hide(self, queue: str, messages: Sequence[Mapping[str, Any]], seconds: float) -> None:
        """Let messages that were received be seen again in so many seconds, counted in whole ones."""
        for message in messages:
            asked = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": int(seconds)}
            await self._call("ChangeMessageVisibility", asked)

    async def _call(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(parameters).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        url = f"{self._url.rstrip('/')}/"
        request = AWSRequest(method="POST", url=url, data=body, headers=headers)
        SigV4Auth(self._credentials, "sqs", REGION).add_auth(request)
        try:
            async with self._session.post(url, data=body, headers=dict(request.headers.items())) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise QueueUnavailable(f"SQS at {self._url} does not answer {action}: {error!r}") from None
        if response.status != 200:
            raise QueueUnavailable(f"SQS refuses {action}: {json.dumps(answer)[:300]}")
        return answer or {}
