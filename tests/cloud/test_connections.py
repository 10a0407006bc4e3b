"""A user's connections at the local gateway: so many and no more, whoever left without a word, and newer tokens."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from localcloud.cloud import LocalCloud
from thinkaloud.client import new_id
from thinkaloud.dialogue.entry.doorman import HANDSHAKE_TIME
from thinkaloud.identity.principal import Principal
from thinkaloud.settings import ConnectionSettings
from thinkaloud.state.dynamo_connections import DynamoConnections
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.records import CONNECTION_LIFETIME, Connection

MOST = ConnectionSettings.most


class Visitor:
    """A user of whom no other test has heard."""

    def __init__(self, cloud: LocalCloud, doors: AsyncExitStack) -> None:
        self.name = new_id("user")
        self._cloud = cloud
        self._doors = doors

    async def connect(self, seconds: int = 3_600) -> ClientConnection:
        """Open a connection with a token that is good for this long.

        Raises:
            InvalidStatus: the handshake was refused.
        """
        offered = [Subprotocol("thinkaloud.v1"), Subprotocol(f"bearer.{self.token(seconds)}")]
        return await self._doors.enter_async_context(connect(self._cloud.ws_url, subprotocols=offered))

    def token(self, seconds: int = 3_600) -> str:
        return self._cloud.token(user=self.name, seconds=seconds)

    async def status(self) -> int:
        """The status of one more handshake."""
        try:
            await self.connect()
        except InvalidStatus as refused:
            return refused.response.status_code
        return 101


@pytest.fixture
async def visitor(cloud: LocalCloud) -> AsyncIterator[Visitor]:
    async with AsyncExitStack() as doors:
        yield Visitor(cloud, doors)


@pytest.fixture
def connections(conversations: DynamoConversations) -> DynamoConnections:
    """The connections in the table that the functions write to."""
    return DynamoConnections(conversations._client, conversations._table)


async def say(socket: ClientConnection, **frame: Any) -> dict[str, Any]:
    await socket.send(json.dumps(frame))
    return dict(json.loads(await socket.recv()))


# ---- how many --------------------------------------------------------------------------------------------------------


async def test_of_twenty_handshakes_at_once_ten_succeed_and_the_others_are_told_429(visitor: Visitor) -> None:
    statuses = await asyncio.gather(*(visitor.status() for _ in range(20)))
    assert sorted(statuses) == [101] * MOST + [429] * (20 - MOST)


async def test_whoever_closes_a_connection_may_open_another(visitor: Visitor) -> None:
    opened = [await visitor.connect() for _ in range(MOST)]
    assert await visitor.status() == 429
    await opened[3].close()
    async with asyncio.timeout(10):
        while (status := await visitor.status()) != 101:
            assert status == 429
            await asyncio.sleep(0.05)


async def test_a_disconnect_that_never_came_costs_nobody_a_connection(
    visitor: Visitor, connections: DynamoConnections
) -> None:
    """Nine connections are remembered that the gateway does not know, and one is open."""
    open_one = await visitor.connect()
    then = int(time.time()) - HANDSHAKE_TIME
    principal = Principal("demo", visitor.name, then + 3_600)
    for number in range(1, MOST):
        lost = Connection(f"AAAAAAAAAAAAA{number:02}=", principal, then, then + CONNECTION_LIFETIME)
        assert await asyncio.to_thread(connections.put, lost, MOST) == ()
    assert await visitor.status() == 101
    assert await asyncio.to_thread(connections.get, "AAAAAAAAAAAAA01=") is None
    assert (await say(open_one, action="ping", id="1"))["type"] == "pong", "what is open stays open"


# ---- for how long ----------------------------------------------------------------------------------------------------


async def test_a_newer_token_extends_a_connection_past_its_first(visitor: Visitor) -> None:
    ask = {"action": "ask", "session": new_id("s"), "message": {"id": "m1", "text": "How long does a refund take?"}}
    socket = await visitor.connect(seconds=1)
    async with asyncio.timeout(15):
        while (refused := await say(socket, **ask, id="1", turn=new_id("t"))).get("code") != "unauthorized":
            assert refused["type"] != "error"
            while refused["type"] != "complete":
                refused = json.loads(await socket.recv())
            await asyncio.sleep(0.1)
    notice = await say(socket, action="auth", id="2", token=visitor.token())
    assert (notice["type"], notice["re"], notice["code"]) == ("notice", "2", "authenticated")
    assert (await say(socket, **ask, id="3", turn=new_id("t")))["type"] in ("accepted", "status")


async def test_a_token_of_somebody_else_extends_nothing(cloud: LocalCloud, visitor: Visitor) -> None:
    socket = await visitor.connect()
    for offered in (cloud.token(user="somebody"), cloud.token(tenant="another", user=visitor.name)):
        refused = await say(socket, action="auth", id="1", token=offered)
        assert (refused["type"], refused["re"], refused["code"]) == ("error", "1", "wrong_user")
        assert offered not in json.dumps(refused)
    assert (await say(socket, action="auth", id="2", token="a.b.c"))["code"] == "unauthorized"
