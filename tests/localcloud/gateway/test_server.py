"""The socket itself: sizes, frames, how it ends, what else the port serves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from localcloud.gateway.errors import PortTaken, UnknownSelection
from localcloud.gateway.limits import AWS_LIMITS, KIB, Limits
from localcloud.gateway.pages import Page, PageRequest
from localcloud.gateway.server import Gateway
from tests.localcloud.gateway.stage import (
    Functions,
    chat_api,
    closed,
    connection_id,
    disconnect,
    playing,
    raw_client,
    received,
    returns,
)


async def read_frame(raw: socket.socket) -> tuple[bool, int, bytes]:
    """One unmasked frame: whether it is the message's last, its opcode, its payload."""
    loop = asyncio.get_running_loop()

    async def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += await loop.sock_recv(raw, count - len(data))
        return data

    first, length = await exactly(2)
    if length == 126:
        (length,) = struct.unpack("!H", await exactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await exactly(8))
    return bool(first & 0x80), first & 0x0F, await exactly(length)


# Sizes and kinds of frames


async def test_a_message_of_128_kb_in_frames_of_32_kb_is_routed() -> None:
    frames = ["x" * 32 * KIB] * 4
    async with playing() as play, play.client() as client:
        # A last, empty frame is how this client marks the end of a fragmented message.
        await client.send(frames)
        assert (await play.functions.event("default"))["body"] == "".join(frames)


async def test_a_frame_over_32_kb_closes_with_1009() -> None:
    async with playing() as play, play.client() as client:
        await client.send("x" * (32 * KIB + 1))
        assert (await closed(client))[0] == 1009
        assert (await disconnect(play))[0] == 1009
        assert play.functions.events["default"] == []


async def test_a_message_over_128_kb_closes_with_1009() -> None:
    async with playing() as play, play.client() as client:
        with contextlib.suppress(Exception):  # the close may arrive while frames are still being sent
            await client.send(["x" * 32 * KIB] * 4 + ["x"])
        assert (await closed(client))[0] == 1009
        assert (await disconnect(play))[0] == 1009
        assert play.functions.events["default"] == []


async def test_a_binary_frame_closes_with_1003() -> None:
    async with playing() as play, play.client() as client:
        await client.send(b"\x00\x01")
        assert (await closed(client))[0] == 1003
        assert (await disconnect(play))[0] == 1003
        assert play.functions.events["default"] == []


async def test_a_long_post_comes_in_frames_of_at_most_32_kb() -> None:
    text = "年" * 30_000
    async with playing() as play, raw_client(play) as raw:
        post = asyncio.ensure_future(play.post(await connection_id(play), text.encode()))
        frames = []
        while True:
            last, opcode, payload = await read_frame(raw)
            frames.append((opcode, payload))
            if last:
                break
        await post
        assert b"".join(payload for _, payload in frames).decode() == text
        assert max(len(payload) for _, payload in frames) == 32 * KIB
        assert [opcode for opcode, _ in frames][:2] == [1, 0], "one text frame, continued"


# How a socket ends


async def test_a_client_that_closes_without_a_status_is_1005() -> None:
    async with playing() as play, play.client() as client:
        async with client.send_context():
            client.protocol.send_close()
        assert await disconnect(play) == (1005, "Client-side close frame status not set")


async def test_a_client_that_closes_and_keeps_its_tcp_connection_is_dropped() -> None:
    async with playing() as play, raw_client(play) as raw:
        await asyncio.get_running_loop().sock_sendall(raw, b"\x88\x80\x00\x00\x00\x00")
        with pytest.raises(play.management.exceptions.GoneException):
            while True:
                await play.post(await connection_id(play))
        assert (await disconnect(play))[0] == 1005


async def test_a_client_that_closes_with_a_status_and_reason_hands_both_on() -> None:
    async with playing() as play, play.client() as client:
        await client.close(1001, "tab closed")
        assert await disconnect(play) == (1001, "tab closed")


async def test_a_client_that_vanishes_is_1006() -> None:
    async with playing() as play, play.client() as client:
        client.transport.abort()
        assert (await disconnect(play))[0] == 1006


async def test_an_idle_connection_is_closed_with_1001() -> None:
    async with playing(limits=AWS_LIMITS.scaled(0.0005)) as play, play.client() as client:
        assert await closed(client) == (1001, "Going away")
        assert await disconnect(play) == (1001, "Going away")
        assert len(play.gateway.connections) == 0


class Clock:
    """Epoch seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_messages_both_ways_restart_the_idle_time_and_pings_do_not() -> None:
    clock = Clock()
    async with playing(clock=clock) as play, play.client() as client:
        (connection,) = play.gateway.connections
        clock.now += 100
        await (await client.ping())
        assert connection.last_active_at == clock.now - 100
        await client.send("hello")
        await play.functions.event("default")
        assert connection.last_active_at == clock.now
        clock.now += 100
        await play.post(connection.id)
        assert connection.last_active_at == clock.now


async def test_a_connection_ends_after_its_life_however_busy_it_is() -> None:
    async with playing(limits=Limits(idle_s=3600, life_s=0.3)) as play, play.client() as client:
        with pytest.raises(ConnectionClosed):
            while True:
                await client.send("still here")
                await asyncio.sleep(0.01)  # a pace, no more: any would do
        assert await closed(client) == (1001, "Going away")


async def test_an_api_without_a_disconnect_route_just_ends() -> None:
    async with playing(chat_api(keys=["$connect", "$default"])) as play:
        async with play.client():
            pass
        async with play.client():
            await play.functions.event("connect", 2)
        assert play.functions.events["disconnect"] == []


async def test_stopping_closes_every_socket_with_1001_and_calls_nobody() -> None:
    functions = Functions(default=lambda event: asyncio.Event().wait())
    async with playing(functions=functions) as play:
        async with play.client() as first, play.client() as second:
            await first.send("a question that never ends")
            await functions.event("default")
            await play.gateway.stop()
            assert (await closed(first))[0] == (await closed(second))[0] == 1001
        assert functions.events["disconnect"] == []


async def test_stopping_does_not_wait_for_a_connect_that_hangs() -> None:
    functions = Functions(connect=lambda event: asyncio.Event().wait())
    async with playing(functions=functions) as play:
        opening = asyncio.ensure_future(play.client().__aenter__())
        await functions.event("connect")
        async with asyncio.timeout(10):
            await play.gateway.stop()
            with pytest.raises(InvalidStatus):
                await opening


# The port


async def pages(request: PageRequest) -> Page:
    if request.path == "/你好":
        return Page(f"{request.query['q']} {request.headers['host']}".encode(), media="text/plain; charset=utf-8")
    return Page(b"<h1>no</h1>", status=404, headers={"Cache-Control": "no-store"})


async def test_other_paths_are_pages() -> None:
    async with playing(pages=pages) as play, aiohttp.ClientSession() as session:
        async with session.get(f"{play.gateway.page_url}你好?q=1") as response:
            assert response.status == 200
            assert response.content_type == "text/plain"
            assert await response.text() == f"1 {play.gateway.page_url.split('/')[2]}"
        async with session.get(f"{play.gateway.page_url}prod") as response:
            assert response.status == 404
            assert response.headers["Cache-Control"] == "no-store"


async def test_a_page_is_only_got() -> None:
    async with (
        playing(pages=pages) as play,
        aiohttp.ClientSession() as session,
        session.delete(play.gateway.page_url) as response,
    ):
        assert response.status == 405
        assert response.headers["Allow"] == "GET"


async def test_without_pages_there_is_none() -> None:
    async with (
        playing() as play,
        aiohttp.ClientSession() as session,
        session.get(play.gateway.page_url) as response,
    ):
        assert response.status == 404


async def test_a_taken_port_is_one_clear_line() -> None:
    async with playing() as play:
        taken = int(play.gateway.page_url.rstrip("/").rsplit(":", 1)[1])
        with pytest.raises(PortTaken, match=rf"^port {taken} on 127\.0\.0\.1 is taken: .+$"):
            await Gateway(chat_api(), Functions()).start(port=taken)
        management = int(play.gateway.admin_url.rsplit(":", 1)[1])
        with pytest.raises(PortTaken):
            await Gateway(chat_api(), Functions()).start(port=0, management_port=management)


async def test_an_expression_that_cannot_be_followed_is_told_before_anything_starts() -> None:
    with pytest.raises(UnknownSelection):
        Gateway(chat_api(selection="$request.header.x"), Functions())


async def test_several_gateways_live_in_one_process_and_share_nothing() -> None:
    async with playing() as one, playing() as other, one.client() as client, other.client():
        await one.post(await connection_id(one), b"for one")
        assert await received(client) == "for one"
        with pytest.raises(other.management.exceptions.GoneException):
            await other.post(await connection_id(one))


async def test_small_frames_are_not_held_back() -> None:
    async with playing() as play, play.client():
        (connection,) = play.gateway.connections
        kernel_socket = connection._web_socket.transport.get_extra_info("socket")
        assert kernel_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_page_that_breaks_is_a_500() -> None:
    async def broken(request: PageRequest) -> Page:
        raise RuntimeError("no such file")

    async with (
        playing(pages=broken) as play,
        aiohttp.ClientSession() as session,
        session.get(play.gateway.page_url) as response,
    ):
        assert response.status == 500


async def test_a_burst_of_clients_is_served() -> None:
    functions = Functions(default=returns({"statusCode": 200, "body": "pong"}))
    async with playing(chat_api(two_way=["$default"]), functions=functions) as play:

        async def one() -> str:
            async with play.client() as client:
                await client.send("ping")
                return await received(client)

        answers: Any = await asyncio.gather(*(one() for _ in range(50)))
        assert answers == ["pong"] * 50
