"""How a connection is kept: pings, fresh tokens, and the next one before it ends. In virtual time."""

from __future__ import annotations

import asyncio
import base64
import json
import time

from tests.client.scripted import Peer, listen
from tests.client.wire import Network, play
from thinkaloud.client import Answer, CannotConnect, Client, Limits

SESSION, TURN = "s-12345678", "t-12345678"


def jwt(seconds: float) -> str:
    """A token that says it runs out so many seconds from now."""
    claims = json.dumps({"exp": time.time() + seconds}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


async def drain(answer: Answer) -> list[str]:
    return [received.type async for received in answer]


# ---- rotate ------------------------------------------------------------------------------------------------------


def test_rotate_moves_live_answers_before_the_old_connection_is_closed():
    happened = []

    async def old(peer: Peer) -> None:
        await peer.accept()
        await peer.text("a")
        await peer.send(type="rotate", within=60.0)
        await asyncio.sleep(2)
        await peer.text("b")  # while the next one is being resumed on
        await listen(peer)
        happened.append("old closed")

    async def new(peer: Peer) -> None:
        resume = await peer.receive()
        assert resume["after"] == 1
        await asyncio.sleep(5)
        happened.append("resumed")
        await peer.send(
            type="resumed", re=resume["id"], session=SESSION, turn=TURN, state="running", **{"from": 2, "to": 2}
        )
        await asyncio.sleep(1)
        peer.start(resume | {"turn": TURN})
        peer.seq = 1
        for letter in "bc":
            await peer.text(letter)
        await peer.complete()
        await listen(peer)

    async def scenario(client: Client, network: Network) -> str:
        answer = client.ask("?", session=SESSION, turn=TURN)
        assert await drain(answer) == ["accepted", "text", "text", "resumed", "text", "complete"]
        assert network.near[0].close_code == 1000
        assert not network.near[1].closed.is_set()
        return answer.message.text

    assert play(scenario, old, new) == "abc"
    assert happened == ["resumed", "old closed"]


def test_rotate_is_heeded_once_and_opens_the_next_connection_with_a_fresh_token():
    tokens = iter(["first", "second"])

    async def token() -> str:
        return next(tokens)

    async def rotates(peer: Peer) -> None:
        for _ in range(3):
            await peer.send(type="rotate", within=60.0)
        await listen(peer)

    async def scenario(client: Client, network: Network) -> list[str]:
        await asyncio.sleep(1)
        assert [near.closed.is_set() for near in network.near] == [True, False]
        return network.bearers

    assert play(scenario, rotates, listen, token=token) == ["first", "second"]


def test_where_the_next_connection_cannot_be_opened_the_old_one_serves_to_its_end():
    async def rotates(peer: Peer) -> None:
        await peer.accept()
        await peer.send(type="rotate", within=60.0)
        await asyncio.sleep(9)
        await peer.text("a")
        await peer.complete()
        await listen(peer)

    async def scenario(client: Client, network: Network) -> str:
        answer = client.ask("?", session=SESSION, turn=TURN)
        await drain(answer)
        assert not network.near[0].closed.is_set()
        return answer.message.text

    assert play(scenario, rotates, CannotConnect("down")) == "a"


def test_a_question_that_is_not_accepted_yet_moves_too_and_is_answered_once():
    async def old(peer: Peer) -> None:
        await peer.receive()
        await peer.send(type="rotate", within=60.0)
        await listen(peer)

    async def new(peer: Peer) -> None:
        await peer.accept()
        await peer.resume()
        await peer.text("a")
        await peer.complete()

    async def scenario(client: Client, _: Network) -> str:
        answer = client.ask("?", session=SESSION, turn=TURN)
        await drain(answer)
        return answer.message.text

    assert play(scenario, old, new) == "a"


# ---- auth --------------------------------------------------------------------------------------------------------


def test_a_fresh_token_is_handed_in_before_the_old_one_runs_out():
    tokens = [jwt(3600), jwt(7200), jwt(10_800)]
    handed = iter(tokens)
    heard = []

    async def token() -> str:
        return next(handed)

    async def server(peer: Peer) -> None:
        while True:
            frame = await peer.receive()
            if frame["action"] == "auth":
                heard.append((asyncio.get_running_loop().time(), frame["token"]))
                await peer.send(type="notice", re=frame["id"], code="authenticated", message="")
            else:
                await peer.send(type="pong", re=frame["id"])

    async def scenario(client: Client, network: Network) -> None:
        await asyncio.sleep(8000)
        assert len(network.dialled) == 1

    play(scenario, server, token=token)
    (when, handed_in), *_ = heard
    assert handed_in == tokens[1]
    assert 3530 < when < 3545


def test_a_token_that_lives_shorter_than_the_margin_is_renewed_half_way():
    times = []

    async def token() -> str:
        times.append(asyncio.get_running_loop().time())
        return jwt(20 + len(times))

    async def server(peer: Peer) -> None:
        while (frame := await peer.receive())["action"] == "auth":
            await peer.send(type="notice", re=frame["id"], code="authenticated", message="")

    async def scenario(client: Client, _: Network) -> None:
        await asyncio.sleep(25)

    play(scenario, server, token=token)
    assert len(times) == 3
    assert times[1] > 9


def test_without_a_fresher_token_nothing_is_handed_in():
    async def server(peer: Peer) -> None:
        assert (await peer.receive())["action"] == "ping"
        await listen(peer)

    async def scenario(client: Client, _: Network) -> None:
        await asyncio.sleep(310)

    play(scenario, server, token=jwt(120))


def test_a_refused_or_unanswered_or_failing_renewal_leaves_the_connection_alone():
    async def refuses(peer: Peer) -> None:
        frame = await peer.receive()
        assert frame["action"] == "auth"
        await peer.send(type="error", re=frame["id"], code="unauthorized", message="Another user's.", retryable=False)
        await peer.answer("a")
        await listen(peer)

    tokens = iter([jwt(100), jwt(200)])

    async def token() -> str:
        return next(tokens)

    async def scenario(client: Client, network: Network) -> str:
        await asyncio.sleep(60)
        answer = client.ask("?", session=SESSION, turn=TURN)
        await drain(answer)
        assert len(network.dialled) == 1
        return answer.message.text

    assert play(scenario, refuses, token=token) == "a"


def test_a_question_refused_because_the_token_ran_out_is_asked_again_with_a_fresh_one():
    tokens = iter(["first", "second"])

    async def token() -> str:
        return next(tokens)

    async def refuses(peer: Peer) -> None:
        ask = await peer.receive()
        await peer.send(type="error", re=ask["id"], code="unauthorized", message="It ran out.", retryable=False)
        await listen(peer)

    async def takes(peer: Peer) -> None:
        await peer.accept()
        await peer.resume()
        await peer.text("a")
        await peer.complete()
        await listen(peer)

    async def scenario(client: Client, network: Network) -> tuple[str, list[str]]:
        answer = client.ask("?", session=SESSION, turn=TURN)
        await drain(answer)
        return answer.message.text, network.bearers

    assert play(scenario, refuses, takes, token=token) == ("a", ["first", "second"])


def test_a_question_refused_with_every_token_ends_with_that_error():
    async def refuses(peer: Peer) -> None:
        ask = await peer.receive()
        await peer.send(type="error", re=ask["id"], code="unauthorized", message="No.", retryable=False)
        await listen(peer)

    async def scenario(client: Client, network: Network) -> list[str]:
        types = await drain(client.ask("?", session=SESSION, turn=TURN))
        assert len(network.dialled) == 2
        return types

    assert play(scenario, refuses) == ["error"]


# ---- ping --------------------------------------------------------------------------------------------------------


def test_a_ping_before_the_gateway_takes_the_connection_for_idle():
    heard = []

    async def server(peer: Peer) -> None:
        while True:
            frame = await peer.receive()
            heard.append((frame["action"], asyncio.get_running_loop().time()))
            await peer.send(type="pong", re=frame["id"])

    async def scenario(client: Client, network: Network) -> None:
        await asyncio.sleep(1000)
        assert len(network.dialled) == 1

    play(scenario, server)
    assert [action for action, _ in heard] == ["ping"] * 3
    assert all(abs(when - 300 * (index + 1)) < 0.1 for index, (_, when) in enumerate(heard))


def test_rotate_may_be_the_reply_to_a_ping():
    async def near_its_end(peer: Peer) -> None:
        ping = await peer.receive()
        await peer.send(type="rotate", re=ping["id"], within=240.0)
        await listen(peer)

    async def scenario(client: Client, network: Network) -> None:
        assert await client.ping() >= 0
        await asyncio.sleep(1)
        assert [near.closed.is_set() for near in network.near] == [True, False]

    play(scenario, near_its_end, listen)


def test_a_ping_that_nobody_answers_ends_the_connection():
    async def scenario(client: Client, network: Network) -> int:
        await asyncio.sleep(300 + 31)
        assert not network.near[0].closed.is_set()
        await asyncio.sleep(2)
        assert network.near[0].closed.is_set()
        answer = client.ask("?", session=SESSION, turn=TURN)
        await drain(answer)
        return len(network.dialled)

    async def answers(peer: Peer) -> None:
        await peer.answer("a")

    assert play(scenario, listen, answers, limits=Limits(ping=300)) == 2
