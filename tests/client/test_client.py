import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed

from tests.client.scripted import Peer, forever, listen, scripted_server
from thinkaloud.client import (
    Answer,
    Backoff,
    BadAddress,
    BadToken,
    CannotConnect,
    Client,
    ClientError,
    ConnectionLost,
    GatewayError,
    HandshakeRefused,
    Limits,
    NoReply,
)

SESSION = "s-12345678"
QUICK = Backoff(attempts=4, first=0.001, most=0.002)


def client(url: str, **options: Any) -> Client:
    return Client(url, "the.jwt", **{"backoff": QUICK, **options})


async def drain(answer: Answer) -> list[str]:
    return [received.type async for received in answer]


async def test_a_question_and_its_answer():
    asks = []

    async def script(peer: Peer) -> None:
        asks.append(await peer.answer("Five working ", "days. [1]"))
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("How long does a refund take?", session=SESSION, locale="en", metadata={"page": "/cart"})
        types = await drain(answer)
    assert types == ["accepted", "status", "status", "source", "status", "text", "text", "complete"]
    assert answer.message.text == "Five working days. [1]"
    assert answer.message.id == answer.turn
    ask = asks[0]
    assert ask["message"]["text"] == "How long does a refund take?"
    assert (ask["action"], ask["session"], ask["turn"]) == ("ask", SESSION, answer.turn)
    assert (ask["locale"], ask["metadata"]) == ("en", {"page": "/cart"})


async def test_the_token_travels_in_the_authorization_header_and_not_in_the_subprotocol():
    async with scripted_server(listen) as server, client(server.ws):
        pass
    assert server.handshakes[0]["Authorization"] == "Bearer the.jwt"
    assert server.handshakes[0]["Sec-WebSocket-Protocol"] == "thinkaloud.v1"


async def test_several_questions_share_the_connection_and_do_not_mix():
    async def script(peer: Peer) -> None:
        first, second = Peer(peer.socket), Peer(peer.socket)
        await first.accept()
        await second.accept()
        for one, two in zip("abc", "xyz", strict=True):
            await first.text(one)
            await second.text(two)
        await second.complete()
        await first.complete()
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answers = [c.ask(text, session=f"{SESSION}-{text}") for text in ("one", "two")]
        await asyncio.gather(*map(drain, answers))
    assert {answer.message.text for answer in answers} == {"abc", "xyz"}
    assert server.connections == 1


async def test_frames_come_in_order_once_whatever_the_wire_does():
    async def script(peer: Peer) -> None:
        ask = await peer.receive()
        peer.start(ask)
        frames = [peer.numbered("text", part="p1", step=1, content=letter) for letter in "abcd"]
        for index in (1, 0, 0, 2, 1):
            await peer.send(**frames[index])
        await peer.send(type="accepted", re=ask["id"], **peer.turn, heartbeat=10.0)
        await peer.send(**frames[2])
        await peer.send(**frames[3])
        await peer.complete()
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        assert await drain(answer) == ["accepted", "text", "text", "text", "text", "complete"]
    assert answer.message.text == "abcd"


async def test_an_unknown_type_is_passed_on_without_a_frame_and_its_number_counts():
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.text("a")
        await peer.say("weather", sky="blue")
        await peer.text("b")
        await peer.complete()
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        received = [item async for item in answer]
    assert [item.type for item in received] == ["accepted", "text", "weather", "text", "complete"]
    assert received[2].frame is None
    assert received[2].fields["sky"] == "blue"
    assert answer.message.text == "ab"


async def test_an_answer_does_without_accepted():
    async def script(peer: Peer) -> None:
        peer.start(await peer.receive())
        await peer.text("a")
        await peer.complete()
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws, limits=Limits(hole=0.01)) as c:
        assert await drain(c.ask("?", session=SESSION)) == ["text", "complete"]


async def test_a_refused_question_ends_with_its_error_frame():
    async def script(peer: Peer) -> None:
        ask = await peer.receive()
        await peer.send(type="error", re=ask["id"], code="busy", message="still answering", retryable=True)
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        assert await drain(answer) == ["error"]
    assert answer.message.metadata["error"]["code"] == "busy"


async def test_a_failed_turn_ends_with_its_error_frame():
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await peer.say("error", code="model_broken", message="It broke off.", retryable=True)
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        assert await drain(answer) == ["accepted", "text", "error"]
    assert answer.message.text == "Five"


async def test_the_gateways_own_error_before_accepted():
    async def script(peer: Peer) -> None:
        with suppress(ConnectionClosed):
            while await peer.receive():
                await peer.send(message="Internal server error", connectionId="c=", requestId="r-1")

    async with scripted_server(script) as server, client(server.ws, limits=Limits(patience=0.05)) as c:
        with pytest.raises(GatewayError, match="Internal server error"):
            await drain(c.ask("?", session=SESSION))


async def test_the_gateways_error_about_another_frame_leaves_an_accepted_answer_alone():
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.send(message="Endpoint request timed out", connectionId="c=", requestId="r-1")
        await peer.complete()
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        assert await drain(c.ask("?", session=SESSION)) == ["accepted", "complete"]


async def test_stop_names_session_and_turn_and_the_answer_ends_as_stopped():
    async with scripted_server(forever) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        async for received in answer:
            if received.seq == 3:
                await answer.stop()
    assert answer.message.metadata["finish"] == "stopped"
    assert answer.message.metadata["reason"] == "user"


async def test_a_refused_stop_does_not_end_the_answer():
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.text("a")
        stop = await peer.receive()
        await peer.send(type="error", re=stop["id"], turn=stop["turn"], code="internal", message="no", retryable=True)
        await peer.complete()
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        types = []
        async for received in answer:
            types.append(received.type)
            if received.type == "text":
                await answer.stop()
    assert types == ["accepted", "text", "complete"]


async def test_leaving_an_answer_drops_what_still_comes():
    async def script(peer: Peer) -> None:
        await peer.answer("a", "b")
        await peer.answer("c")
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        first = c.ask("?", session=SESSION)
        async for received in first:
            if received.type == "text":
                break
        await first.aclose()
        second = c.ask("?", session=SESSION)
        await drain(second)
    assert first.message.text == "a"
    assert second.message.text == "c"


async def test_ping():
    async def script(peer: Peer) -> None:
        ping = await peer.receive()
        assert ping["action"] == "ping"
        await peer.send(type="pong", re=ping["id"])
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        assert 0 < await c.ping() < 5


async def test_a_refused_ping():
    async def script(peer: Peer) -> None:
        ping = await peer.receive()
        await peer.send(type="error", re=ping["id"], code="internal", message="Not now.", retryable=True)
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        with pytest.raises(ClientError, match=r"Not now\."):
            await c.ping()


async def test_a_ping_without_a_pong():
    async with scripted_server(listen) as server, client(server.ws, limits=Limits(reply=0.01)) as c:
        with pytest.raises(NoReply, match="no reply to ping"):
            await c.ping()


async def test_a_ping_on_a_connection_that_closes():
    async def script(peer: Peer) -> None:
        await peer.receive()

    async with scripted_server(script) as server, client(server.ws) as c:
        with pytest.raises(ConnectionLost):
            await c.ping()


async def test_a_break_before_accepted_asks_again_under_the_same_turn():
    turns = []

    async def breaks(peer: Peer) -> None:
        turns.append((await peer.receive())["turn"])

    async def works(peer: Peer) -> None:
        turns.append((await peer.answer("a"))["turn"])
        await listen(peer)

    async with scripted_server(breaks, breaks, works) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        await drain(answer)
    assert answer.message.text == "a"
    assert turns == [answer.turn] * 3


async def test_the_next_question_opens_a_new_connection_with_a_fresh_token():
    tokens = iter(["first", "second"])

    async def token() -> str:
        return next(tokens)

    async def once(peer: Peer) -> None:
        await peer.answer("a")

    async with scripted_server(once) as server, Client(server.ws, token, backoff=QUICK) as c:
        for _ in range(2):
            answer = c.ask("?", session=SESSION)
            await drain(answer)
            assert answer.message.text == "a"
    assert [headers["Authorization"] for headers in server.handshakes] == ["Bearer first", "Bearer second"]


async def test_a_passing_refusal_is_tried_again():
    async with scripted_server(listen) as server:
        server.refusals[:] = [502, 429]
        async with client(server.ws):
            pass
    assert len(server.handshakes) == 3


@pytest.mark.parametrize(("status", "meaning"), [(401, "token"), (403, "may not connect"), (404, "path")])
async def test_a_lasting_refusal_is_told_at_once(status: int, meaning: str):
    async with scripted_server(listen) as server:
        server.refusals[:] = [status]
        with pytest.raises(HandshakeRefused, match=meaning) as caught:
            await client(server.ws).__aenter__()
    assert caught.value.status == status
    assert len(server.handshakes) == 1


async def test_nobody_there():
    async with scripted_server(listen) as server:
        url = server.ws
    with pytest.raises(CannotConnect, match="nobody answers"):
        await client(url).__aenter__()


async def test_a_server_that_is_no_web_server():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example.com ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CannotConnect, match="there is no WebSocket server"):
            await client(f"ws://127.0.0.1:{port}").__aenter__()


@pytest.mark.parametrize("url", ["", "http://127.0.0.1/", "127.0.0.1:8080", "ws://", "ws://h:notaport", "wss://[::1"])
async def test_a_url_that_is_none(url: str):
    with pytest.raises(BadAddress, match="not a WebSocket URL"):
        await client(url).__aenter__()


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: 1", "令牌"])
async def test_a_token_that_no_header_carries(token: str):
    with pytest.raises(BadToken) as caught:
        await Client("ws://127.0.0.1:1", token).__aenter__()
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "ask", [{"text": ""}, {"text": "x" * 8001}, {"text": "x", "session": "short"}, {"text": "x", "locale": "!"}]
)
async def test_a_question_that_cannot_be_asked(ask: dict[str, str]):
    with pytest.raises(ValidationError):
        Client("ws://127.0.0.1:1", "t").ask(**{"session": SESSION, **ask})


async def test_a_closed_client_says_so():
    async with scripted_server(listen) as server:
        async with client(server.ws) as c:
            pass
        with pytest.raises(ConnectionLost, match="the client is closed"):
            await drain(c.ask("?", session=SESSION))


async def test_closing_ends_what_still_waits():
    async def script(peer: Peer) -> None:
        await peer.accept()
        await listen(peer)

    async with scripted_server(script) as server:
        c = await client(server.ws).__aenter__()
        answer = c.ask("?", session=SESSION)
        assert (await anext(answer)).type == "accepted"
        waiting = asyncio.create_task(anext(answer))
        await asyncio.sleep(0)
        await c.close()
        with pytest.raises(ConnectionLost):
            await waiting


async def test_noise_on_the_wire_is_ignored():
    async def script(peer: Peer) -> None:
        await peer.socket.send("not json")
        await peer.socket.send(json.dumps(["a list"]))
        await peer.send(type="notice", text="for nobody")
        await peer.answer("a")
        await listen(peer)

    async with scripted_server(script) as server, client(server.ws) as c:
        answer = c.ask("?", session=SESSION)
        await drain(answer)
    assert answer.message.text == "a"
