"""Whatever a client sends, it gets a clear answer and the socket stays open, unless the gateway itself closes it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from localcloud import tokens
from localcloud.cloud import LocalCloud

NOW = int(time.time())
GOOD = {"iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "sub": "you", "tenant": "demo", "exp": NOW + 600}


@asynccontextmanager
async def opened(cloud: LocalCloud, token: str | None = None) -> AsyncIterator[ClientConnection]:
    offered = [Subprotocol("thinkaloud.v1"), Subprotocol(f"bearer.{token or cloud.token()}")]
    origin = Origin(cloud.page_url.rstrip("/"))
    async with connect(cloud.ws_url, subprotocols=offered, origin=origin) as socket:
        assert socket.subprotocol == "thinkaloud.v1"
        yield socket


async def reply_to(socket: ClientConnection, body: str) -> dict[str, Any]:
    await socket.send(body)
    return dict(json.loads(await socket.recv()))


def forged(**claims: Any) -> str:
    return jwt.encode({**GOOD, **claims}, "a secret that is long enough but not ours", algorithm="HS256")


def signed(cloud: LocalCloud, leave_out: str = "", **claims: Any) -> str:
    secret = tokens.development_secret(cloud.state)
    kept = {name: value for name, value in {**GOOD, **claims}.items() if name != leave_out}
    return jwt.encode(kept, secret, algorithm="HS256")


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": NOW - 60},
        {"iss": "https://elsewhere.example.com"},
        {"aud": "another"},
        {"leave_out": "tenant"},
        {"leave_out": "sub"},
        {"leave_out": "exp"},
        {"tenant": "demo#SESSION"},
    ],
    ids=lambda wrong: "-".join(wrong),
)
async def test_a_token_that_is_wrong_ends_the_handshake_with_401(cloud: LocalCloud, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with opened(cloud, signed(cloud, **wrong)):
            pass
    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize("token", [forged(), jwt.encode(GOOD, "", algorithm="none"), "not-a-token"], ids=len)
async def test_a_token_that_is_forged_ends_the_handshake_with_401(cloud: LocalCloud, token: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with opened(cloud, token):
            pass
    assert refusal.value.response.status_code == 401


async def test_no_token_ends_the_handshake_with_401(cloud: LocalCloud) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(cloud.ws_url):
            pass
    assert refusal.value.response.status_code == 401


async def test_a_foreign_page_ends_the_handshake_with_403(cloud: LocalCloud) -> None:
    headers = {"Authorization": f"Bearer {cloud.token()}"}
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(cloud.ws_url, additional_headers=headers, origin=Origin("https://evil.example.com")):
            pass
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "bad_json"),
        ("hello", "bad_json"),
        ("[1, 2]", "bad_json"),
        ('{"action": "ask"', "bad_json"),
        ("[" * 10_000 + "]" * 10_000, "too_deep"),
        (json.dumps({"action": "ask", "session": "s" * 31_000}), "invalid_frame"),
        ('{"action": "dance"}', "unknown_action"),
        ('{"no": "action"}', "unknown_action"),
        ('{"action": "ask", "session": "session-1", "turn": "turn-0001"}', "invalid_frame"),
        (
            '{"action": "ask", "session": "a b", "turn": "turn-0001", "message": {"id": "1", "text": "?"}}',
            "invalid_frame",
        ),
        (
            json.dumps(
                {
                    "action": "ask",
                    "session": "session-1",
                    "turn": "turn-0001",
                    "message": {"id": "1", "text": "x" * 8_001},
                }
            ),
            "too_large",
        ),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else value,
)
async def test_a_frame_that_cannot_be_read_gets_an_error_and_the_socket_stays_open(
    cloud: LocalCloud, body: str, code: str
) -> None:
    async with opened(cloud) as socket:
        error = await reply_to(socket, body)
        assert (error["type"], error["code"]) == ("error", code)
        assert error["message"]
        assert (await reply_to(socket, '{"action": "ping", "id": "7"}')) == {"type": "pong", "re": "7"}


async def test_an_error_names_the_frame_it_answers(cloud: LocalCloud) -> None:
    async with opened(cloud) as socket:
        assert (await reply_to(socket, '{"action": "dance", "id": "9"}'))["re"] == "9"


async def test_unknown_fields_are_ignored(cloud: LocalCloud) -> None:
    async with opened(cloud) as socket:
        assert (await reply_to(socket, '{"action": "ping", "colour": "blue"}'))["type"] == "pong"


@pytest.mark.parametrize(("body", "code"), [(b"binary", 1003), ("x" * 33_000, 1009), ("x" * 140_000, 1009)], ids=str)
async def test_the_gateway_closes_on_what_it_does_not_carry(cloud: LocalCloud, body: str | bytes, code: int) -> None:
    async with opened(cloud) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.send(body)
            await socket.recv()
        assert socket.close_code == code
