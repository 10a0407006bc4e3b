"""What the scenarios share: questions that a script answers, the model's ledger, and how turns ended in the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from localcloud.cloud import LocalCloud
from localcloud.models.controls import Override
from localcloud.models.scripts import Script
from thinkaloud.client import Client, Limits, new_id
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.records import Turn, TurnKey

ROOT = Path(__file__).parents[2]
#: Seconds.
HEARTBEAT = 1
LEASE = 3


#: How long the client library waits for a reply to `resume`, and behind a hole: scaled as the heartbeat is.
CLIENT_LIMITS = Limits(resumed=1.0, hole=0.3)

_figures: list[str] = []


def figure(line: str) -> None:
    """Have a measured figure shown at the end of the run, which asserts nothing of it."""
    _figures.append(line)


def figures() -> list[str]:
    """Those of this run."""
    return _figures


@dataclass(frozen=True)
class Question:
    """A question that nobody else asks, and the turn that it becomes."""

    text: str
    marker: str
    session: str = field(default_factory=lambda: new_id("s"))
    turn: str = field(default_factory=lambda: new_id("t"))


@dataclass(frozen=True)
class Stage:
    """The cloud of a scenario."""

    cloud: LocalCloud
    conversations: DynamoConversations
    connections: DynamoConnections
    items: Callable[[], list[dict[str, Any]]]
    """Everything in the table, as DynamoDB has it."""

    def question(self, *steps: dict[str, Any], session: str | None = None, **script: Any) -> Question:
        """A question that is answered by these steps of a script; see localcloud/models/scripts.py."""
        marker = new_id("q")
        self.cloud.models.catalogue.library.put(marker, Script.model_validate({"steps": steps, **script}))
        self.cloud.models.controls.put_override(Override(contains=marker, model=f"script:{marker}"))
        return Question(f"How long does a refund take? {marker}", marker, session or new_id("s"))

    def client(self, tenant: str = "demo", user: str = "you") -> Client:
        """The client library; entering it connects."""
        return Client(self.cloud.ws_url, self.cloud.token(tenant, user), limits=CLIENT_LIMITS)

    def calls(self, question: Question) -> list[dict[str, Any]]:
        """The chat requests that asked it, oldest first."""
        return [
            exchange
            for exchange in self.cloud.models.ledger.recent()
            if exchange["path"].endswith("/chat/completions")
            and question.marker in str(exchange["messages"][-1]["content"])
        ]

    async def stored(self, question: Question, seconds: float = 30) -> Turn:
        """The turn once it has ended."""
        key = TurnKey("demo", question.session, question.turn)
        async with asyncio.timeout(seconds):
            while True:
                turn = await asyncio.to_thread(self.conversations.get, key)
                if turn is not None and turn.ended:
                    return turn
                await asyncio.sleep(0.05)

    async def free(self, session: str) -> None:
        """Until the session answers nothing any more."""
        async with asyncio.timeout(30):
            while True:
                found = await asyncio.to_thread(self.conversations.session, "demo", session)
                if found is not None and found.active is None:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(state: Path, environ: Mapping[str, str] | None = None, **options: Any) -> AsyncIterator[Stage]:
    """A cloud of a scenario's own: heartbeats and leases scaled down, a retry once a lease is over.

    `environ` and `options` (see LocalCloud) go before.
    """
    environ = {
        "HEARTBEAT_SECONDS": str(HEARTBEAT),
        "LEASE_SECONDS": str(LEASE),
        "MAX_CONNECTIONS": "100",
        # The script answers, whatever the documents hold.
        "ABSTAIN_BELOW": "0",
        **(environ or {}),
    }
    options = {"retry_delays_s": (LEASE + 3.0,), "max_concurrency": 12, "pace": 0, **options}
    async with LocalCloud(ROOT, port=0, state=state, environ=environ, **options) as cloud:
        access = cloud.aws.environment
        dynamodb = boto3.client(
            "dynamodb",
            endpoint_url=access["AWS_ENDPOINT_URL"],
            region_name=access["AWS_REGION"],
            aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
        )
        [table] = dynamodb.list_tables()["TableNames"]
        yield Stage(
            cloud,
            DynamoConversations(dynamodb, table),
            DynamoConnections(dynamodb, table),
            lambda: list(dynamodb.get_paginator("scan").paginate(TableName=table).search("Items[]")),
        )


async def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for something that happens in other processes; what it was."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110 - other processes act
            await asyncio.sleep(0.01)
    return found
