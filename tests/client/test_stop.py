"""How a stop is told to the server, and what the client does where nothing comes of it. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.client.scripted import Peer, listen
from tests.client.wire import Network, play
from thinkaloud.client import Answer, Client, ConnectionLost, GatewayError, NoReply, Refused

SESSION, TURN = "s-12345678", "t-12345678"


def now() -> float:
    return asyncio.get_running_loop().time()


async def drain(answer: Answer) -> list[str]:
    return [received.type async for received in answer]


async def hears_stop(peer: Peer, code: str = "stopping") -> None:
    stop = await peer.receive()
    assert (stop["action"], stop["session"], stop["turn"]) == ("stop", SESSION, TURN)
    await peer.send(type="notice", re=stop["id"], code=code, message="")


async def refuses(peer: Peer, code: str, *, retryable: bool) -> None:
    stop = await peer.receive()
    await peer.send(type="error", re=stop["id"], code=code, message="no", retryable=retryable)


@pytest.mark.parametrize("code", ["stopping", "already_ended", "unknown_turn"])
def test_who_stops_hears_where_the_turn_stands(code: str):
    async def server(peer: Peer) -> None:
        await hears_stop(peer, code)

    async def scenario(client: Client, _: Network) -> str:
        return await client.stop(SESSION, TURN)

    assert play(scenario, server) == code


def test_a_stop_is_in_the_clients_language():
    async def server(peer: Peer) -> None:
        stop = await peer.receive()
        assert stop["locale"] == "zh-CN"
        await peer.send(type="notice", re=stop["id"], code="stopping", message="正在停止回答。")

    async def scenario(client: Client, _: Network) -> str:
        return await client.stop(SESSION, TURN)

    assert play(scenario, server, locale="zh-CN") == "stopping"


def test_a_stop_that_is_refused_says_why():
    async def server(peer: Peer) -> None:
        await refuses(peer, "forbidden", retryable=False)
        await listen(peer)

    async def scenario(client: Client, _: Network) -> str:
        with pytest.raises(Refused, match="refused: no") as refused:
            await client.stop(SESSION, TURN)
        return refused.value.code

    assert play(scenario, server) == "forbidden"


def test_a_stop_is_sent_again_until_it_is_heard():
    async def lost(peer: Peer) -> None:
        await peer.receive()

    async def server(peer: Peer) -> None:
        await refuses(peer, "throttled", retryable=True)
        await peer.receive()
        await peer.send(message="Too many requests", connectionId="c=", requestId="r-1")
        await peer.receive()  # and says nothing
        await hears_stop(peer)

    async def scenario(client: Client, network: Network) -> str:
        code = await client.stop(SESSION, TURN)
        assert len(network.dialled) == 2
        return code

    assert play(scenario, lost, server) == "stopping"


def test_a_server_that_never_hears_does_not_hold_anybody_for_long():
    async def scenario(client: Client, _: Network) -> float:
        began = now()
        with pytest.raises(NoReply):
            await client.stop(SESSION, TURN)
        return now() - began

    assert play(scenario, listen) == pytest.approx(20.0)


def test_whoever_closes_the_client_need_not_wait_for_a_stop():
    async def scenario(client: Client, _: Network) -> None:
        stopping = asyncio.create_task(client.stop(SESSION, TURN))
        await asyncio.sleep(1)
        await client.close()
        with pytest.raises(ConnectionLost):
            await stopping

    play(scenario, listen)


# ---- an answer that is stopped -----------------------------------------------------------------------------------


def test_the_answers_own_end_is_reply_enough():
    async def server(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await peer.receive()
        await asyncio.sleep(1)
        await peer.complete("stopped", reason="user")
        await listen(peer)

    async def scenario(client: Client, _: Network) -> float:
        answer = client.ask("?", session=SESSION, turn=TURN)
        async for received in answer:
            if received.type == "text":
                began = now()
                await answer.stop()
        return now() - began

    assert play(scenario, server) == pytest.approx(1.0)


def test_an_end_that_did_not_come_is_asked_for_at_once():
    async def server(peer: Peer) -> None:
        await peer.accept()
        await peer.text("Five")
        await hears_stop(peer, "already_ended")
        await peer.resume(state="done", to=2)
        await peer.complete("stop")
        await listen(peer)

    async def scenario(client: Client, _: Network) -> float:
        answer = client.ask("?", session=SESSION, turn=TURN)
        async for received in answer:
            if received.type == "text":
                began = now()
                await answer.stop()
        assert answer.message.metadata["finish"] == "stop"
        return now() - began

    assert play(scenario, server) < 1.0


def test_a_question_that_is_stopped_before_it_is_asked_is_stopped_when_it_is():
    async def server(peer: Peer) -> None:
        ask = await peer.receive()
        await hears_stop(peer, "unknown_turn")
        peer.start(ask)
        await peer.send(type="accepted", re=ask["id"], **peer.turn, heartbeat=10.0)
        await peer.complete("stopped", reason="user")
        await listen(peer)

    async def scenario(client: Client, _: Network) -> list[str]:
        answer = client.ask("?", session=SESSION, turn=TURN)
        waiting = asyncio.create_task(drain(answer))
        await asyncio.sleep(0.1)
        await answer.stop()
        return await waiting

    assert play(scenario, server) == ["accepted", "complete"]


# ---- what passes before a question is accepted -------------------------------------------------------------------


@pytest.mark.parametrize("message", ["Internal server error", "Too many requests", "Endpoint request timed out"])
def test_a_question_is_asked_again_when_the_gateway_fails(message: str):
    turns: list[str] = []

    async def server(peer: Peer) -> None:
        for _ in range(2):
            turns.append((await peer.receive())["turn"])
            await peer.send(message=message, connectionId="c=", requestId="r-1")
        turns.append((await peer.accept())["turn"])
        await peer.resume()  # the first may have been taken after all
        await peer.text("Five.")
        await peer.complete()
        await listen(peer)

    async def scenario(client: Client, _: Network) -> str:
        answer = client.ask("?", session=SESSION, turn=TURN)
        await drain(answer)
        return answer.message.text

    assert play(scenario, server) == "Five."
    assert turns == [TURN] * 3


def test_but_not_for_ever():
    async def server(peer: Peer) -> None:
        while True:
            await peer.receive()
            await peer.send(message="Internal server error", connectionId="c=", requestId="r-1")

    async def scenario(client: Client, _: Network) -> float:
        with pytest.raises(GatewayError, match="Internal server error"):
            await drain(client.ask("?", session=SESSION, turn=TURN))
        return now()

    assert play(scenario, server) < 10.0


def test_a_gateway_without_a_route_is_not_asked_twice():
    asked = []

    async def server(peer: Peer) -> None:
        while True:
            asked.append(await peer.receive())
            await peer.send(message="Forbidden", connectionId="c=", requestId="r-1")

    async def scenario(client: Client, _: Network) -> None:
        with pytest.raises(GatewayError, match="Forbidden"):
            await drain(client.ask("?", session=SESSION, turn=TURN))

    play(scenario, server)
    assert len(asked) == 1
